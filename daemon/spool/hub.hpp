// SPDX-License-Identifier: MIT
// The event hub: wakes those who follow a job and gives them what is new. Followers pull from where
// they are, from the newest events in memory or from the store, so that a slow one costs nobody
// memory or time and nobody misses an event. Any thread.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "store/store.hpp"

namespace llmspool::spool {

// An event in the form in which it goes over the wire, made once for all followers.
struct Published {
  job::Seq seq;
  std::string type;
  std::string json;  // {"job_id","seq","type","at",...} on one line
};
using PublishedPtr = std::shared_ptr<const Published>;

// The newest state of a job that somebody follows.
struct Snapshot {
  job::Job job;
  job::Outlook outlook;
  std::int64_t version = 0;  // another one wherever anything differs
  std::string json;          // the job object
  job::Seq seq() const { return job.seq; }
  bool ended() const { return job::ended(job.status); }
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Hub {
 public:
  // What is expected of a job; must not block.
  using Foresee = std::function<job::Outlook(const job::Job&)>;
  // `followed` is called, on any thread, when somebody begins to follow a job.
  Hub(
      store::Store& store, Foresee foresee, std::function<void()> followed = [] {})
      : store_(store), foresee_(std::move(foresee)), followed_(std::move(followed)) {}

  // Held by a follower: as long as it lives, `wake` is called after each change of the job, from
  // any thread, and must only signal. A job that is removed wakes too.
  class Following {
   public:
    Following(Hub& hub, job::JobId id, std::function<void()> wake);
    ~Following();
    Following(const Following&) = delete;
    Following& operator=(const Following&) = delete;

    // The events after `after`, oldest first; a bounded number, so ask again until there is none.
    // Usually from memory; blocks for the disk where they are no longer (or not yet) there.
    Result<std::vector<PublishedPtr>> events(job::Seq after);
    // The job as it is now. May block for the disk. Code::not_found once it is removed.
    Result<SnapshotPtr> snapshot();
    // The same without asking the disk: nothing where that would have to be asked.
    std::optional<std::vector<PublishedPtr>> events_in_memory(job::Seq after) const;
    SnapshotPtr snapshot_in_memory() const;

   private:
    friend class Hub;
    Hub& hub_;
    const job::JobId id_;
    const std::function<void()> wake_;
  };

  // Told by the spool after each commit, in order.
  void publish(const job::Job& job, const std::vector<job::Event>& events);
  void removed(job::JobId id);
  // What is expected may have changed: those who follow a job of which it has are woken.
  void look_ahead();
  // Whether anybody follows a job that has not ended, as far as is known.
  bool is_awaited() const;

 private:
  // What is kept of a job while somebody follows it.
  struct Topic {
    std::vector<Following*> followers;
    std::deque<PublishedPtr> recent;
    std::size_t recent_bytes = 0;
    SnapshotPtr snapshot;
    bool removed = false;
  };

  SnapshotPtr snapshot_of(const job::Job& job);
  void wake(const Topic& topic) const;

  store::Store& store_;
  const Foresee foresee_;
  const std::function<void()> followed_;
  std::atomic<std::int64_t> version_ = 0;
  mutable std::mutex mutex_;
  std::unordered_map<job::JobId, Topic> topics_;
};

}  // namespace llmspool::spool
