// SPDX-License-Identifier: MIT
// The spool as its clients (the HTTP API) see it: submit, command, read, follow. It is the only
// writer of job state. All calls from any thread.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/library.hpp"
#include "plugin/registry.hpp"
#include "spool/circuit.hpp"
#include "spool/hub.hpp"
#include "spool/switches.hpp"
#include "store/store.hpp"

namespace llmspool::spool {

// Who asks: `owner` owns what it submits and sees its own; an admin sees and does all.
struct Caller {
  std::string owner;
  bool admin = false;
};

// A submit as a client means it: types are right, names are not looked up yet.
struct Submission {
  job::Job job;          // pipeline, backends, model, priority, labels, after, ... as asked for
  job::Request request;  // `inputs` by the names the client used
  bool hold = false;
  // A form that names no pipeline: the first whose required inputs are there.
  bool choose_pipeline = false;
  std::optional<std::int64_t> delay_seconds;
  std::string idempotency_key, fingerprint;
};

// How the queue stands.
struct QueueState {
  struct Backend {
    std::string id;
    bool paused = false, accepting = true;
    int running = 0, concurrency = 0;
    std::int64_t waiting = 0;
    Circuit::State circuit = Circuit::State::closed;
    std::optional<Time> circuit_until{}, resting_until{};
    std::string stopped_reason{};          // empty: it was not stopped
    std::optional<double> mean_seconds{};  // of its recent jobs
  };
  bool paused = false, accepting = true;
  std::string reason{};  // why no new jobs are taken, unless by an administrator's word
  store::Counts jobs{};
  std::vector<Backend> backends{};
};

template <class T>
using Done = store::Done<T>;  // called once, on some thread; must not block

class Spool {
 public:
  virtual ~Spool() = default;

  // Checks names, inputs, params and limits, stores the job and answers when it is durable.
  virtual void submit(const Caller& caller, Submission submission, Done<store::Submitted> done) = 0;
  // Many in one transaction; those that are wrong are refused alone. Blocks for the disk where they
  // have keys.
  virtual void submit_all(const Caller& caller, std::vector<Submission> submissions,
                          Done<std::vector<Result<store::Submitted>>> done) = 0;
  // One of Cancel, Hold, Release, Restart, Change; gives the job afterwards.
  virtual void command(const Caller& caller, job::JobId id, job::Command command,
                       Done<job::Job> done) = 0;
  // Cancels the job if it is active and removes it with its files.
  virtual void remove(const Caller& caller, job::JobId id, Done<void> done) = 0;
  // Cancels all that is active of a group.
  virtual void cancel_group(const Caller& caller, const std::string& owner,
                            const std::string& group, Done<void> done) = 0;
  // Of one backend, or of the whole queue where none is named. Admins only; remembered.
  virtual void set_switch(const Caller& caller, Switch what, const std::string& backend, bool on,
                          Done<void> done) = 0;

  // Reads. These block for the disk: not on the event loop. Someone else's job is not found.
  virtual Result<job::Job> get(const Caller& caller, job::JobId id) = 0;
  virtual Result<std::vector<job::Job>> list(const Caller& caller, store::Filter filter) = 0;
  virtual Result<std::vector<store::FileInfo>> files(const Caller& caller, job::JobId id) = 0;
  virtual Result<job::File> file(const Caller& caller, job::JobId id, const std::string& name) = 0;
  virtual Result<store::Counts> counts() = 0;
  virtual Result<std::vector<store::Group>> groups(const Caller& caller,
                                                   std::optional<std::string> owner,
                                                   std::size_t limit) = 0;
  virtual Result<store::Group> group(const Caller& caller, const std::string& owner,
                                     const std::string& name) = 0;
  virtual Result<QueueState> queue() = 0;
  // The caller's jobs that run, then those that wait in the order in which they will begin.
  virtual Result<std::vector<job::Job>> upcoming(const Caller& caller, std::size_t limit) = 0;
  // All there is at one moment, in a file that is gone when it is closed. Admins only.
  virtual Result<std::shared_ptr<std::ifstream>> backup(const Caller& caller) = 0;

  // What is expected of a job; never blocks.
  virtual job::Outlook outlook(const job::Job& job) const = 0;

  // Following a job; see hub.hpp. Whether the caller may see it is checked with get() before.
  virtual Hub& hub() = 0;

  // What there is.
  virtual const plugin::Registry& plugins() const = 0;
  virtual std::shared_ptr<const pipeline::Library> pipelines() const = 0;  // as they are now
  // Each backend as it stands, in the order of names; without what only the disk knows.
  virtual std::vector<QueueState::Backend> backends() const = 0;
  // Whether new jobs are taken, but for what only the disk knows: not while starting and stopping,
  // nor by an administrator's word.
  virtual bool ready() const = 0;
  // The same with the disk, which it blocks for, and why not.
  virtual Result<void> takes_jobs() = 0;
  // Whether an administrator lets no backend start a job.
  virtual bool paused() const = 0;
};

}  // namespace llmspool::spool
