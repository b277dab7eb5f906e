// SPDX-License-Identifier: MIT
#include "store/sqlite/schedule.hpp"

#include "store/sqlite/dependencies.hpp"

namespace llmspool::store::sqlite {

using job::Job;
using job::Status;

Schedule schedule_of(Database& database, const Job& job, Time now) {
  if (job.status != Status::pending || has_open_dependency(database, job)) return {};
  const auto start = job::earliest_start(job, now);
  if (!start || *start <= now) return {.claimable = true};
  std::optional<Time> paused;
  if (job.pause && start != job.not_before) paused = job.pause->from;
  return {.due = start, .paused = paused};
}

std::optional<Time> expiry_of(const Job& job) {
  return job::ended(job.status) ? std::nullopt : job.deadline;
}

std::optional<Time> end_of(const Job& job) {
  return job::ended(job.status) ? job.completed_at : std::nullopt;
}

bool can_divert(const Job& job) {
  return !job::alternatives(job).empty();
}

bool waits(Status status) {
  return status == Status::held || status == Status::pending;
}

}  // namespace llmspool::store::sqlite
