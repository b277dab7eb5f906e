// SPDX-License-Identifier: MIT
// Decides what runs when: claims jobs for backends with a free slot, keeps their leases, wakes
// delayed ones, and brings everything to rest when the daemon stops. Of the loop alone, but for the
// functions that say otherwise.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "pipeline/current.hpp"
#include "spool/job_run.hpp"

namespace llmspool::spool {

class Dispatcher {
 public:
  // All outlive it.
  Dispatcher(RunContext& context, const pipeline::Current& pipelines, std::string node);

  // Puts back what an earlier life left running, then claims; `ready` follows.
  void start(std::function<void(Result<void>)> ready);
  // Claims nothing more; running steps may end within `grace`, then jobs are put back. `at_rest`
  // follows when all are stored and no plugin call is left.
  void stop(Milliseconds grace, std::function<void()> at_rest);
  // A job's state has changed, by whomever.
  void on_change(const job::Job& job);
  // Backends that were stopped take jobs again.
  void resume();

  int running(const std::string& backend) const;                 // any thread
  std::string stopped_reason(const std::string& backend) const;  // any thread

 private:
  // One backend and what it does now.
  struct Lane {
    explicit Lane(std::shared_ptr<plugin::Backend> of)
        : backend(std::move(of)), slots(backend->concurrency()) {}
    const std::shared_ptr<plugin::Backend> backend;
    Slots slots;
    std::atomic<int> running = 0;
    int claiming = 0;
    bool poked = false;          // a job may have become ready since the last claim was sent
    std::string stopped_reason;  // under reasons_mutex_
  };

  // A job that was cancelled and started again may have a run whose plugin has not returned yet
  // beside its new one.
  using RunKey = std::pair<job::JobId, job::Fence>;

  void poke_all();
  void claim(Lane& lane);
  void on_claimed(Lane& lane, Result<std::optional<store::Claimed>> claimed);
  void run(Lane& lane, store::Claimed claimed);
  void refuse(const job::Job& job, const std::string& why);
  void on_ended(Lane& lane, const RunKey& key);
  void stop_backend(Lane& lane, const std::string& reason);
  bool takes_jobs(const Lane& lane) const;
  void wake();
  void wake_at(Time time);
  void keep_leases();
  void rest_if_done();

  RunContext& context_;
  const pipeline::Current& pipelines_;
  const std::string node_;
  const std::shared_ptr<const pipeline::Definition> prompt_;
  std::map<std::string, Lane> lanes_;  // not changed once made
  std::map<RunKey, std::shared_ptr<JobRun>> runs_;
  std::optional<Time> wake_armed_;
  int refusing_ = 0;
  bool keeping_leases_ = false, stopping_ = false;
  std::function<void()> at_rest_;
  mutable std::mutex reasons_mutex_;
};

}  // namespace llmspool::spool
