// SPDX-License-Identifier: MIT
// What goes: jobs that are deleted, and what need not be kept any longer.
#include "store/sqlite/changes.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;

// Up to which end of a job its contents have been removed.
constexpr std::string_view kContentsRemoved = "contents_removed";

std::vector<JobId> oldest_ended(Database& database, std::size_t limit) {
  return ids_of(database.query(
      "SELECT id FROM jobs WHERE ended IS NOT NULL ORDER BY ended, id LIMIT ?", limit));
}

}  // namespace

Result<void> Changes::remove(JobId id) {
  const auto job = load(id);
  if (!job) return no_such_job(id);
  if (!job::ended(job->status))
    return fail(Code::conflict, "Job " + std::to_string(id) + " is " +
                                    std::string(job::to_string(job->status)) +
                                    ": cancel it before it is removed.");
  erase(*job);
  return {};
}

void Changes::erase(const Job& job) {
  drop_steps(database_, job.id);
  drop_files(database_, job.id);
  database_.run("DELETE FROM events WHERE job_id = ?", job.id);
  database_.run("DELETE FROM requests WHERE job_id = ?", job.id);
  database_.run("DELETE FROM jobs WHERE id = ?", job.id);
  relabel({.id = job.id}, job.labels);
  tally_.subtract(job.status);
  groups_.subtract(database_, job);
  removed_ = true;
}

std::vector<JobId> Changes::removable(const Retention& retention) const {
  const Counts& counts = tally_.counts();
  const std::int64_t kept = counts.completed + counts.failed + counts.cancelled;
  const std::int64_t beyond = retention.jobs_max ? kept - *retention.jobs_max : 0;
  // Those beyond a bound are the oldest, whenever they ended; of others only those of that age.
  const auto limit = std::min<std::int64_t>(kBatch, std::max<std::int64_t>(beyond, 0));
  auto ids = oldest_ended(database_, static_cast<std::size_t>(limit));
  if (ids.size() == kBatch || !retention.age) return ids;
  auto old =
      ids_of(database_.query("SELECT id FROM jobs WHERE ended <= ? ORDER BY ended, id LIMIT ?",
                             clock_.now() - *retention.age, kBatch));
  return old.size() > ids.size() ? old : ids;
}

Result<Store::Retained> Changes::retain(const Retention& retention) {
  Store::Retained retained;
  const auto erase_if_readable = [&](JobId id) {
    const auto job = load_or_set_aside(id);
    if (!job) return;
    erase(*job);
    retained.removed.push_back(id);
  };
  const auto due = removable(retention);
  for (const JobId id : due) erase_if_readable(id);
  // One at a time, since nothing tells beforehand how much room each will leave.
  std::size_t met = due.size();
  for (; retention.bytes_max && met < kBatch && bytes_used(database_) > *retention.bytes_max;
       ++met) {
    const auto oldest = oldest_ended(database_, 1);
    if (oldest.empty()) break;
    erase_if_readable(oldest.front());
  }
  retained.more = met == kBatch;
  if (retention.content_age && remove_contents(clock_.now() - *retention.content_age))
    retained.more = true;
  return retained;
}

// Of a batch of jobs that had ended by then; whether there may be more.
bool Changes::remove_contents(Time ended_before) {
  std::int64_t removed = read_number(database_, kContentsRemoved).value_or(0);
  if (const std::int64_t now = ended_before.time_since_epoch().count(); removed > now) {
    // The clock was ahead then: what has ended since is still to come.
    removed = now;
    write_number(database_, kContentsRemoved, removed);
  }
  std::vector<std::pair<JobId, std::int64_t>> jobs;
  {
    Query row = database_.query(
        "SELECT id, ended FROM jobs WHERE ended > ? AND ended <= ? ORDER BY ended LIMIT ?", removed,
        ended_before, kBatch);
    while (row.next()) jobs.emplace_back(row.number(0), row.number(1));
  }
  if (jobs.empty()) return false;
  const std::int64_t last = jobs.back().second;
  // All that ended in that same instant belong to this batch.
  for (const JobId id : ids_of(
           database_.query("SELECT id FROM jobs WHERE ended > ? AND ended <= ?", removed, last))) {
    drop_steps(database_, id);
    drop_files(database_, id);
    remove_texts(database_, id);
    database_.run("DELETE FROM requests WHERE job_id = ?", id);
    database_.run("UPDATE jobs SET output = NULL WHERE id = ?", id);
    const auto job = load_or_set_aside(id);
    if (!job) continue;
    Job bare = *job;
    bare.contents_removed = true;
    bare.hoisted.clear();  // what a pipeline took from its inputs and texts
    database_.run("UPDATE jobs SET body = ? WHERE id = ?", job_body(bare), id);
  }
  write_number(database_, kContentsRemoved, last);
  removed_ = true;
  return jobs.size() == kBatch;
}

}  // namespace llmspool::store::sqlite
