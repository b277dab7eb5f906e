// SPDX-License-Identifier: MIT
// The promises of a job store. Whatever a callback reports as done is durable: committed and
// synced. Several daemons may share one store; a claim has a lease and a fence, so that a late word
// from one whose lease has ended changes nothing.
#pragma once

#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <stop_token>

#include "job/transition.hpp"
#include "job/turn.hpp"

namespace llmspool::store {

// Members have initializers, so that a maker names only what it means.
struct Submission {
  job::Job job{};  // without id
  job::Request request{};
  bool hold = false;
  std::string idempotency_key{};  // empty: none; scoped to the job's owner
  std::string fingerprint{};      // of the request that carried the key
};

// A change that was made, with the events that tell of it. Changes of other jobs that it brought
// about (those that were to follow a job that failed) are in `others`, in their order; where they
// are very many, wake() makes the rest.
struct Applied {
  job::Job job{};
  std::vector<job::Event> events{};
  std::vector<Applied> others{};
};

struct Submitted {
  Applied applied{};      // the job with its `created` event; without events if replayed
  bool replayed = false;  // the key was known: this is the first job
};

// Which jobs are to be taken for running.
struct Claim {
  std::string backend{};
  std::string node{};     // that runs them
  Time lease_until{};     // all that the node runs is its own until then, unless renewed
  std::size_t limit = 1;  // so many at most
  job::Models models{};
};

// A job taken for running, with all that its run needs.
struct Claimed {
  Applied applied{};  // the Start
  job::Request request{};
  std::vector<job::StepResult> finished{};  // steps of earlier runs of it, in order
  std::string unreadable{};  // why these two cannot be read, if so: the job cannot run
};

struct Filter {
  std::vector<job::Status> statuses{};  // empty: all
  std::optional<std::string> pipeline{}, backend{}, model{}, owner{}, group{};
  std::vector<std::pair<std::string, std::string>> labels{};  // all of them
  std::size_t limit = 50;
  // The list ends behind the job with which what is stored of its jobs has so many bytes.
  std::size_t bytes_max = std::numeric_limits<std::size_t>::max();
  std::optional<job::JobId> before{};  // the cursor: only ids below it
  std::optional<job::JobId> after{};   // only ids above it, and oldest first
};
struct FileInfo {
  std::string name{}, role{}, media_type{};
  std::int64_t size = 0;
};
struct Counts {
  std::int64_t held = 0, pending = 0, processing = 0, completed = 0, failed = 0, cancelled = 0;
};

struct Group {
  std::string name{}, owner{};
  Time created_at{};
  Counts jobs{};
  std::int64_t running_percent = 0;  // the sum of its running jobs' progress
};

// What is removed by itself; an empty one never.
struct Retention {
  std::optional<Milliseconds> age{};          // of ended jobs
  std::optional<Milliseconds> content_age{};  // of their inputs, texts and files
  std::optional<std::int64_t> jobs_max{};     // ended jobs that are kept
  std::optional<std::int64_t> bytes_max{};    // of the store, as long as there are ended jobs
};

// The jobs of a backend that wait for their turn.
struct Queue {
  std::vector<job::Head> first{};   // of each line some, in its order
  std::size_t per_line = 0;         // so many, where the line has them
  std::int64_t waiting = 0;         // how many there are in all
  std::optional<job::Head> last{};  // the last of the line that goes furthest back
};

// Some changes of many jobs, which are looked at in the order of their ids, or against it; `more`
// says that the same call finds more to look at beyond `last`.
struct Batch {
  std::vector<Applied> applied{};
  bool more = false;
  job::JobId last = 0;
};

template <class T>
using Done =
    std::function<void(Result<T>)>;  // called once, on a thread of the store; must not block

class Store {
 public:
  virtual ~Store() = default;

  // Changes. They return at once and may be called from any thread; those of one caller are carried
  // out in the order of the calls. `done` follows the commit, in the order of the commits. If the
  // disk fails, all changes of its commit come to nothing: Code::no_space or internal.

  // A job whose `after` names one that has failed or been cancelled is accepted and fails at once.
  // Errors: invalid (`after` names no job of the owner), unprocessable (the key was used for
  // another fingerprint), queue_full, no_space.
  virtual void submit(Submission submission, Done<Submitted> done) = 0;
  // All the commands to one job, in order, or none of them: the first that is refused refuses the
  // rest. With a fence, Code::stale unless the job's claim is still that one. Start is none of
  // them: see claim(). Restart is refused while a job that it follows has ended without completing.
  virtual void apply(job::JobId id, std::optional<job::Fence> fence,
                     std::vector<job::Command> commands, Done<Applied> done) = 0;
  // Many in one transaction; one that is refused is refused alone.
  virtual void submit_all(std::vector<Submission> submissions,
                          Done<std::vector<Result<Submitted>>> done) = 0;
  // The waiting jobs whose turn it is (turn.hpp), started; none if no job is ready.
  virtual void claim(Claim claim, Done<std::vector<Claimed>> done) = 0;
  // Lets claimable jobs behind `after` that wait for `backend` wait for the first of their
  // alternatives that is among `others` instead, where they have one. A batch of them.
  virtual void divert(std::string backend, std::vector<std::string> others, job::JobId after,
                      Done<Batch> done) = 0;
  // Cancels what is active of a group before `before`, a batch of it; the newest first, so that
  // none fails with one that it was to follow. Code::not_found if there is no such group.
  virtual void cancel_group(std::string owner, std::string group, job::JobId before,
                            Done<Batch> done) = 0;
  // Of all that `node` has claimed in this life.
  virtual void renew(std::string node, Time lease_until, Done<void> done) = 0;
  // Puts back what `node` ran in an earlier life (before this store was opened) and what any
  // node's ended lease covers.
  struct Recovered {
    std::vector<Applied> interrupted{};
    // Until when the earlier lives of `node` may have run jobs; nothing: they have run none.
    std::optional<Time> leased_until{};
    std::vector<std::string> awaited{};  // backends that claimable jobs wait for
  };
  virtual void recover(std::string node, Done<Recovered> done) = 0;
  // Makes delayed jobs claimable whose time has come, expires those past their deadline, and tells
  // followers of ends that had too many for one commit; gives what has ended by that and when to
  // call again (nothing: when a new delayed job is accepted or a job ends). A time that has passed
  // already: there is more to do than one commit should hold.
  struct Woken {
    std::vector<Applied> ended{};
    std::optional<Time> next{};
    // Of each backend the lowest job that has become claimable since the last call, because its
    // time has come or those that it was to follow have completed.
    std::map<std::string, job::JobId> ready{};
  };
  virtual void wake(Done<Woken> done) = 0;
  // Removes an ended job with its events and files. Code::conflict while it has not ended.
  virtual void remove(job::JobId id, Done<void> done) = 0;
  // Removes what need not be kept any longer, a batch of it.
  struct Retained {
    std::vector<job::JobId> removed{};
    bool more = false;
  };
  virtual void retain(Retention retention, Done<Retained> done) = 0;
  // A word that is remembered or not ("paused", "rejecting echo").
  virtual void set_switch(std::string name, bool on, Done<void> done) = 0;

  // Reads. They block for the disk, never for a commit; any thread.
  virtual Result<job::Job> get(job::JobId id) = 0;
  virtual Result<std::vector<job::Job>> list(const Filter& filter) = 0;  // newest first
  // Those numbered above `after`, oldest first: up to `limit`, and fewer where they are long
  // (limits::kEventBytesPerRead). There are no more where there are none.
  virtual Result<std::vector<job::Event>> events(job::JobId id, job::Seq after,
                                                 std::size_t limit) = 0;
  virtual Result<std::vector<FileInfo>> files(job::JobId id) = 0;
  virtual Result<job::File> file(job::JobId id, const std::string& name) = 0;
  virtual Result<Counts> counts() = 0;
  // Of one owner or of all, newest first.
  virtual Result<std::vector<Group>> groups(const std::optional<std::string>& owner,
                                            std::size_t limit) = 0;
  virtual Result<Group> group(const std::string& owner, const std::string& name) = 0;
  // At most `per_line` of each line; of many lines fewer.
  virtual Result<Queue> queue(const std::string& backend, std::size_t per_line) = 0;
  // The job that this key was used for within the last day, with the request's fingerprint.
  virtual Result<std::optional<std::pair<job::Job, std::string>>> known_key(
      const std::string& owner, const std::string& key) = 0;
  virtual Result<std::set<std::string>> switches() = 0;
  // Whether there is room for another job on the disk; Code::no_space, and how to make some.
  virtual Result<void> room() = 0;
  // A copy of all there is at one moment, made while changes go on; it takes no room any more when
  // it is no longer open. One at a time: else, and where `stop` is asked for meanwhile,
  // Code::unavailable.
  virtual Result<std::shared_ptr<std::ifstream>> backup(const std::stop_token& stop) = 0;
};

}  // namespace llmspool::store
