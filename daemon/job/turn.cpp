// SPDX-License-Identifier: MIT
#include "job/turn.hpp"

#include <algorithm>
#include <tuple>

namespace llmspool::job {
namespace {

bool names(const std::vector<std::string>& models, const std::string& model) {
  return std::ranges::find(models, model) != models.end();
}

}  // namespace

std::int64_t rank(Time queued_at, int priority, const TurnRules& rules) {
  return queued_at.time_since_epoch().count() - priority * rules.aging.count();
}

void add_spellings(std::vector<std::string>& models, const std::string& model,
                   const std::string& default_model) {
  const std::string& meant = model.empty() ? default_model : model;
  models.push_back(meant);
  if (meant == default_model && !meant.empty()) models.emplace_back();
}

const Head* Turns::next(const std::vector<Head>& heads, const Models& models,
                        const TurnRules& rules, Time now) {
  forget_future(now);
  std::map<std::string_view, const Head*> firsts;  // of each owner
  const auto goes_before = [&](const Head& one, const Head& other) {
    return std::tuple(rank(one.queued_at, one.priority, rules), one.id) <
           std::tuple(rank(other.queued_at, other.priority, rules), other.id);
  };
  for (const Head& head : heads) {
    if (names(models.full, head.model)) continue;
    const Head*& first = firsts[head.owner];
    if (first == nullptr || goes_before(head, *first)) first = &head;
  }

  const auto turn_of = [&](const Head& head) {
    const auto served = served_.find(head.owner);
    const Served last = served == served_.end() ? Served{Time::min(), 0} : served->second;
    return std::tuple(rank(std::max(head.queued_at, last.at), head.priority, rules), last.turn,
                      head.id);
  };
  const Head* chosen = nullptr;
  for (const auto& [owner, head] : firsts)
    if (chosen == nullptr || turn_of(*head) < turn_of(*chosen)) chosen = head;
  if (chosen == nullptr || models.loaded.empty() || names(models.loaded, chosen->model))
    return chosen;

  std::erase_if(passed_over_, [&](const auto& entry) {
    return std::ranges::find(heads, entry.first, &Head::id) == heads.end();
  });
  const auto passed_over = passed_over_.find(chosen->id);
  if (passed_over != passed_over_.end() && now - passed_over->second >= rules.affinity)
    return chosen;
  const Head* loaded = nullptr;
  for (const Head& head : heads) {
    if (head.priority < chosen->priority || names(models.full, head.model) ||
        !names(models.loaded, head.model))
      continue;
    if (loaded == nullptr || turn_of(head) < turn_of(*loaded)) loaded = &head;
  }
  if (loaded == nullptr || rules.affinity <= Milliseconds(0)) return chosen;
  passed_over_.try_emplace(chosen->id, now);
  return loaded;
}

// Where the clock was set back, whoever had just had a turn would wait until it is as late again.
void Turns::forget_future(Time now) {
  for (auto& [owner, served] : served_) served.at = std::min(served.at, now);
  for (auto& [id, since] : passed_over_) since = std::min(since, now);
}

void Turns::take(const Head& head, Time now) {
  served_.insert_or_assign(head.owner, Served{now, ++turns_});
}

}  // namespace llmspool::job
