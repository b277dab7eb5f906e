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

}  // namespace

Hub::Following::Following(Hub& hub, job::JobId id, std::function<void()> wake)
    : hub_(hub), id_(id), wake_(std::move(wake)) {
  {
    const std::scoped_lock lock(hub_.mutex_);
    hub_.topics_[id_].followers.push_back(this);
  }
  hub_.followed_();
}

Hub::Following::~Following() {
  const std::scoped_lock lock(hub_.mutex_);
  const auto at = hub_.topics_.find(id_);
  std::erase(at->second.followers, this);
  if (at->second.followers.empty()) hub_.topics_.erase(at);
}

std::optional<std::vector<PublishedPtr>> Hub::Following::events_in_memory(job::Seq after) const {
  const std::scoped_lock lock(hub_.mutex_);
  const Topic& topic = hub_.topics_.at(id_);
  const auto& recent = topic.recent;
  if (recent.empty() || recent.front()->seq - 1 > after) return std::nullopt;
  // What the snapshot was read with is stored, though it is still to be published.
  if (topic.snapshot && topic.snapshot->seq() > recent.back()->seq) return std::nullopt;
  const auto begin =
      std::ranges::upper_bound(recent, after, {}, [](const auto& event) { return event->seq; });
  return std::vector<PublishedPtr>(begin, recent.end());
}

SnapshotPtr Hub::Following::snapshot_in_memory() const {
  const std::scoped_lock lock(hub_.mutex_);
  return hub_.topics_.at(id_).snapshot;
}

Result<std::vector<PublishedPtr>> Hub::Following::events(job::Seq after) {
  if (auto recent = events_in_memory(after)) return *std::move(recent);
  LLMSPOOL_TRY(stored, hub_.store_.events(id_, after, limits::kEventsPerRead));
  std::vector<PublishedPtr> all;
  all.reserve(stored.size());
  for (const auto& event : stored) all.push_back(published(event));
  return all;
}

Result<SnapshotPtr> Hub::Following::snapshot() {
  if (auto known = snapshot_in_memory()) return known;
  LLMSPOOL_TRY(job, hub_.store_.get(id_));
  auto fetched = hub_.snapshot_of(job);
  const std::scoped_lock lock(hub_.mutex_);
  auto& topic = hub_.topics_.at(id_);
  if (!topic.snapshot && !topic.removed) topic.snapshot = fetched;
  return topic.snapshot ? topic.snapshot : fetched;
}

SnapshotPtr Hub::snapshot_of(const job::Job& job) {
  const auto outlook = foresee_(job);
  return std::make_shared<const Snapshot>(job, outlook, ++version_, job::json_text(job, outlook));
}

void Hub::wake(const Topic& topic) const {
  for (const auto* follower : topic.followers) follower->wake_();
}

void Hub::look_ahead() {
  const std::scoped_lock lock(mutex_);
  for (auto& [id, topic] : topics_) {
    if (!topic.snapshot || topic.snapshot->ended()) continue;
    if (foresee_(topic.snapshot->job) == topic.snapshot->outlook) continue;
    topic.snapshot = snapshot_of(topic.snapshot->job);
    wake(topic);
  }
}

bool Hub::is_awaited() const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(topics_, [](const auto& entry) {
    return !entry.second.snapshot || !entry.second.snapshot->ended();
  });
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
  // A follower may have read from the store already what is still to be published.
  if (!topic.snapshot || topic.snapshot->seq() <= job.seq) topic.snapshot = snapshot_of(job);
  wake(topic);
}

void Hub::removed(job::JobId id) {
  const std::scoped_lock lock(mutex_);
  const auto at = topics_.find(id);
  if (at == topics_.end()) return;
  at->second.recent.clear();
  at->second.recent_bytes = 0;
  at->second.snapshot = nullptr;
  at->second.removed = true;
  wake(at->second);
}

}  // namespace llmspool::spool
