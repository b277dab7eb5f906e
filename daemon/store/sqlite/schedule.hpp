// SPDX-License-Identifier: MIT
// What a job's row says of it to those who look for work: when it may be claimed, where else it may
// go, when it is over.
#pragma once

#include <optional>

#include "job/job.hpp"
#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {

// When a job may be claimed: now, at a time, or (neither) when something else happens to it.
struct Schedule {
  bool claimable = false;
  std::optional<Time> due{};
  std::optional<Time> paused{};  // since when, if its due time is the end of a pause
};

Schedule schedule_of(Database& database, const job::Job& job, Time now);
// Nothing once it has ended.
std::optional<Time> expiry_of(const job::Job& job);
// Nothing until it has ended.
std::optional<Time> end_of(const job::Job& job);
// Whether another of its candidates may take it when its backend does not.
bool can_divert(const job::Job& job);
// Held or pending.
bool waits(job::Status status);

}  // namespace llmspool::store::sqlite
