// SPDX-License-Identifier: MIT
// Every change of a job goes through here: stored first, then, on the spool's loop, told to the
// spool, published to followers, logged and answered. So nobody ever sees an event that a crash
// could take back, and the store's threads have nothing to do but store.
#pragma once

#include <mutex>
#include <vector>

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
  // its progress or text) has changed, before anybody else hears of it.
  Ledger(store::Store& store, Hub& hub, Loop& loop, std::function<void(const job::Job&)> changed);

  // Any thread. As in store.hpp; `done` is called on the loop once the change is published, in the
  // order of the commits.
  void submit(store::Submission submission, store::Done<store::Submitted> done);
  void submit_all(std::vector<store::Submission> submissions,
                  store::Done<std::vector<Result<store::Submitted>>> done);
  void apply(job::JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             store::Done<store::Applied> done);
  void remove(job::JobId id, store::Done<void> done);
  void cancel_group(const std::string& owner, const std::string& group, job::JobId before,
                    store::Done<store::Batch> done);
  void claim(store::Claim claim, store::Done<std::vector<store::Claimed>> done);
  void divert(const std::string& backend, std::vector<std::string> others, job::JobId after,
              store::Done<store::Batch> done);
  void retain(const store::Retention& retention, store::Done<store::Store::Retained> done);
  void renew(const std::string& node, Time lease_until);
  void recover(const std::string& node, store::Done<store::Store::Recovered> done);
  void wake(store::Done<store::Store::Woken> done);

 private:
  using Answer = std::move_only_function<void()>;

  template <class T, class Publish>
  store::Done<T> on_loop(Publish publish, store::Done<T> done);
  void answer(Answer answer);
  void answer_all();
  void publish(const store::Applied& applied);
  void publish(const std::vector<store::Applied>& all);

  store::Store& store_;
  Hub& hub_;
  Loop& loop_;
  const std::function<void(const job::Job&)> changed_;
  JobLog log_;
  std::mutex mutex_;
  std::vector<Answer> answers_;  // the loop will come for them: those of a commit, or of several
};

}  // namespace llmspool::spool
