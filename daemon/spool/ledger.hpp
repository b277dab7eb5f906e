// SPDX-License-Identifier: MIT
// Every change of a job goes through here: stored first, then published to followers, logged, and
// told to the spool's loop. So nobody ever sees an event that a crash could take back.
#pragma once

#include <mutex>
#include <span>

#include "spool/hub.hpp"
#include "spool/job_log.hpp"
#include "spool/loop.hpp"
#include "store/store.hpp"

namespace llmspool::spool {

// Whether a refusal means that the job is no longer ours to speak for; any other is the store's own
// trouble, and the same again may work.
inline bool claim_is_gone(const Error& error) {
  return error.code == Code::stale || error.code == Code::conflict || error.code == Code::not_found;
}

class Ledger {
 public:
  // All outlive it. `changed` is called on the loop, in order, with each job whose state (not only
  // its progress or text) has changed; `stored` before anybody hears of such changes, on a thread
  // of the store.
  Ledger(store::Store& store, Hub& hub, Loop& loop, std::function<void(const job::Job&)> changed,
         std::function<void()> stored);

  // As in store.hpp; `done` is called once the change is published, on a thread of the store.
  void submit(store::Submission submission, store::Done<store::Submitted> done);
  void apply(job::JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             store::Done<store::Applied> done);
  void submit_all(std::vector<store::Submission> submissions,
                  store::Done<std::vector<Result<store::Submitted>>> done);
  void remove(job::JobId id, store::Done<void> done);
  void cancel_group(const std::string& owner, const std::string& group, job::JobId after,
                    store::Done<store::Batch> done);

  // As above; `done` is called on the loop.
  void apply_on_loop(job::JobId id, job::Fence fence, std::vector<job::Command> commands,
                     store::Done<store::Applied> done);
  void claim(store::Claim claim, store::Done<std::vector<store::Claimed>> done);
  // Whether there are more that could be diverted.
  void divert(const std::string& backend, std::vector<std::string> others, store::Done<bool> done);
  // Whether there is more to remove.
  void retain(const store::Retention& retention, store::Done<bool> done);
  void renew(const std::string& node, Time lease_until);
  void recover(const std::string& node, store::Done<void> done);
  void wake(store::Done<std::optional<Time>> done);

 private:
  using Changed = std::shared_ptr<std::vector<job::Job>>;

  void publish(const store::Applied& applied) { publish(std::span(&applied, 1)); }
  void publish(std::span<const store::Applied> all);
  void show(const store::Applied& applied, std::vector<job::Job>& changed);
  void close(const Changed& changed);
  template <class T>
  store::Done<T> on_loop(store::Done<T> done);

  store::Store& store_;
  Hub& hub_;
  Loop& loop_;
  const std::function<void(const job::Job&)> changed_;
  const std::function<void()> stored_;
  JobLog log_;
  std::mutex mutex_;
  // Changes that are posted to the loop already, and may be added to until an answer is posted,
  // which must not be overtaken: so the changes of many commits share a turn of the loop.
  Changed open_;
};

}  // namespace llmspool::spool
