// SPDX-License-Identifier: MIT
// Every change of a job goes through here: stored first, then published to followers, logged, and
// told to the spool's loop. So nobody ever sees an event that a crash could take back.
#pragma once

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
  // its progress or text) has changed.
  Ledger(store::Store& store, Hub& hub, Loop& loop, std::function<void(const job::Job&)> changed);

  // As in store.hpp; `done` is called once the change is published, on a thread of the store.
  void submit(store::Submission submission, store::Done<store::Submitted> done);
  void apply(job::JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             store::Done<store::Applied> done);
  void remove(job::JobId id, store::Done<void> done);

  // As above; `done` is called on the loop.
  void apply_on_loop(job::JobId id, job::Fence fence, std::vector<job::Command> commands,
                     store::Done<store::Applied> done);
  void claim(const std::string& backend, const std::string& node, Time lease_until,
             store::Done<std::optional<store::Claimed>> done);
  void renew(const std::string& node, Time lease_until);
  void recover(const std::string& node, store::Done<void> done);
  void wake(store::Done<std::optional<Time>> done);

 private:
  void publish(const store::Applied& applied);
  template <class T>
  store::Done<T> on_loop(store::Done<T> done);

  store::Store& store_;
  Hub& hub_;
  Loop& loop_;
  const std::function<void(const job::Job&)> changed_;
  JobLog log_;
};

}  // namespace llmspool::spool
