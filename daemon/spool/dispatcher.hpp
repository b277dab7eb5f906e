// SPDX-License-Identifier: MIT
// Decides what runs when: claims jobs for backends with a free slot, keeps their leases, wakes
// delayed ones, and brings everything to rest when the daemon stops. Of the loop alone, but for the
// functions that say otherwise.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "pipeline/current.hpp"
#include "spool/job_run.hpp"
#include "spool/lane.hpp"
#include "spool/switches.hpp"

namespace llmspool::spool {

// How a backend stands, for people.
struct LaneState {
  std::string backend;
  int running = 0, concurrency = 0;
  Circuit::State circuit = Circuit::State::closed;
  std::optional<Time> circuit_until{}, resting_until{};
  std::string stopped_reason{};  // empty: none
};

class Dispatcher {
 public:
  // All outlive it. `missed` is told once of each backend that jobs wait for and that is not there.
  Dispatcher(RunContext& context, const pipeline::Current& pipelines, const Switches& switches,
             const std::map<std::string, config::Backend>& rules, std::string node,
             std::function<void(const std::string& backend)> missed);

  // Puts back what an earlier life left running, then claims; `ready` follows.
  void start(std::function<void(Result<void>)> ready);
  // Claims nothing more; running steps may end within `grace`, then jobs are put back. `at_rest`
  // follows when all are stored and no plugin call is left.
  void stop(Milliseconds grace, std::function<void()> at_rest);
  // A job's state has changed, by whomever.
  void on_change(const job::Job& job);
  // A switch is no longer what it was.
  void on_switch();
  // Backends, or one of them, that were stopped or left alone take jobs again.
  void resume(const std::string& backend = {});

  // These two from any thread; missing backends are among them.
  std::vector<LaneState> states() const;
  // How long a backend begins no job, whatever waits; nothing: until a person says so.
  std::optional<Milliseconds> begins_in(const std::string& backend) const;
  // Of jobs that name none, at a backend that is there; empty: it cannot be told.
  const std::string& default_model(const std::string& backend) const {
    return lanes_.at(backend).default_model();
  }
  void tell_default_model(const std::string& backend, std::string model) {
    lanes_.at(backend).tell_default_model(std::move(model));
  }

 private:
  void poke_all();
  // Looks for jobs once the loop has done what is at hand, so that one claim serves several slots.
  void poke(Lane& lane);
  void claim(Lane& lane);
  void claim_after(Lane& lane, Milliseconds wait);
  void on_claimed(Lane& lane, int asked, Result<std::vector<store::Claimed>> claimed);
  void run(Lane& lane, store::Claimed claimed);
  void refuse(const job::Job& job, const std::string& why);
  void on_ended(Lane& lane, const RunKey& key, const job::Job& job);
  void stop_backend(Lane& lane, const std::string& reason);
  void on_answered(Lane& lane, const RunKey& run, const JobRun::Answered& answered);
  // Whether jobs that wait for a backend had better go to another: it is down, or not there.
  bool is_down(const std::string& backend) const;
  // Whether a backend takes the jobs of another: ever, or now.
  bool may_take(const std::string& backend) const;
  bool is_up(const std::string& backend) const;
  // By itself or with the whole queue; any thread.
  bool is_paused(const std::string& backend) const;
  // Where a backend is down, lets jobs behind `after` that wait for it wait for another that is up,
  // as far as they have one.
  void divert(const std::string& backend, job::JobId after = 0);
  void divert_all();
  void on_diverted(const std::string& backend, job::JobId after, const Result<store::Batch>& batch);
  // What states() tells has changed: it is told, and acted on where the lane has come up.
  void look_at(Lane& lane);
  void show(Lane& lane);
  void spend_until(Time end);
  // A job waits for it: if it is not there, that is told once.
  void miss_if_gone(const std::string& backend);
  bool takes_jobs(const Lane& lane) const;
  void wake();
  void wake_at(Time time);
  void keep_leases();
  void rest_if_done();

  RunContext& context_;
  const pipeline::Current& pipelines_;
  const Switches& switches_;
  const std::string node_;
  const std::shared_ptr<const pipeline::Definition> prompt_;
  std::map<std::string, Lane> lanes_;  // not changed once made
  const std::function<void(const std::string&)> missed_;
  std::set<std::string> missing_;  // backends that are not there, though jobs have waited for them
  // Backends whose jobs are being diverted, and behind which job to look again after that.
  std::map<std::string, std::optional<job::JobId>> diverting_;
  std::map<RunKey, std::shared_ptr<JobRun>> runs_;
  std::optional<Time> wake_armed_;
  bool waking_ = false, wake_again_ = false;
  int refusing_ = 0;
  bool recovered_ = false;  // what an earlier life left is settled: jobs may start
  bool keeping_leases_ = false, stopping_ = false;
  std::function<void()> at_rest_;
  mutable std::mutex shown_mutex_;
  std::map<std::string, LaneState> shown_;
};

}  // namespace llmspool::spool
