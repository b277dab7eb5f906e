// SPDX-License-Identifier: MIT
#include "spool/hub.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace llmspool::spool {
namespace {

// How much of a followed job's newest events stays in memory.
constexpr std::size_t kRecentEvents = 256;
constexpr std::size_t kRecentBytes = std::size_t{256} * 1024;

PublishedPtr published(const job::Event& event) {
  return std::make_shared<const Published>(event.seq, event.type,
                                           boost::json::serialize(job::to_json(event)));
}

SnapshotPtr snapshot_of(const job::Job& job) {
  return std::make_shared<const Snapshot>(job.seq, job::ended(job.status),
                                          boost::json::serialize(job::to_json(job)));
}

}  // namespace

Hub::Following::Following(Hub& hub, job::JobId id, std::function<void()> wake)
    : hub_(hub), id_(id), wake_(std::move(wake)) {
  const std::scoped_lock lock(hub_.mutex_);
  hub_.topics_[id_].followers.push_back(this);
}

Hub::Following::~Following() {
  const std::scoped_lock lock(hub_.mutex_);
  const auto at = hub_.topics_.find(id_);
  std::erase(at->second.followers, this);
  if (at->second.followers.empty()) hub_.topics_.erase(at);
}

bool Hub::Following::in_memory(job::Seq after) const {
  const std::scoped_lock lock(hub_.mutex_);
  const auto& topic = hub_.topics_.at(id_);
  return topic.snapshot != nullptr && !topic.recent.empty() &&
         topic.recent.front()->seq <= after + 1;
}

Result<std::vector<PublishedPtr>> Hub::Following::events(job::Seq after) {
  {
    const std::scoped_lock lock(hub_.mutex_);
    const auto& recent = hub_.topics_.at(id_).recent;
    if (!recent.empty() && recent.front()->seq <= after + 1) {
      const auto begin =
          std::ranges::upper_bound(recent, after, {}, [](const auto& event) { return event->seq; });
      return std::vector<PublishedPtr>(begin, recent.end());
    }
  }
  LLMSPOOL_TRY(stored, hub_.store_.events(id_, after, limits::kEventsPerRead));
  std::vector<PublishedPtr> all;
  all.reserve(stored.size());
  for (const auto& event : stored) all.push_back(published(event));
  return all;
}

Result<SnapshotPtr> Hub::Following::snapshot() {
  {
    const std::scoped_lock lock(hub_.mutex_);
    if (const auto& known = hub_.topics_.at(id_).snapshot) return known;
  }
  LLMSPOOL_TRY(job, hub_.store_.get(id_));
  return snapshot_of(job);
}

void Hub::publish(const job::Job& job, const std::vector<job::Event>& events) {
  const std::scoped_lock lock(mutex_);
  const auto at = topics_.find(job.id);
  if (at == topics_.end()) return;
  auto& topic = at->second;
  for (const auto& event : events) {
    topic.recent.push_back(published(event));
    topic.recent_bytes += topic.recent.back()->json.size();
  }
  while (topic.recent.size() > kRecentEvents ||
         (topic.recent_bytes > kRecentBytes && topic.recent.size() > 1)) {
    topic.recent_bytes -= topic.recent.front()->json.size();
    topic.recent.pop_front();
  }
  topic.snapshot = snapshot_of(job);
  for (const auto* follower : topic.followers) follower->wake_();
}

void Hub::removed(job::JobId id) {
  const std::scoped_lock lock(mutex_);
  const auto at = topics_.find(id);
  if (at == topics_.end()) return;
  at->second.recent.clear();
  at->second.recent_bytes = 0;
  at->second.snapshot = nullptr;
  for (const auto* follower : at->second.followers) follower->wake_();
}

}  // namespace llmspool::spool
