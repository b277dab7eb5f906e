// SPDX-License-Identifier: MIT
// What comes: whether there is room, whether it has come before, what it replaces.
#include <algorithm>

#include "store/sqlite/changes.hpp"
#include "store/sqlite/dependencies.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/idempotency.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/schedule.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;

void remove_repeated(std::vector<JobId>& ids) {
  std::vector<JobId> once;
  for (const JobId id : ids) {
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  }
  ids = std::move(once);
}

// A line of a bulk upload has the upload's key and, behind a line break, its own number.
std::string key_as_given(const SubmissionRow& submission) {
  return submission.idempotency_key.substr(0, submission.idempotency_key.find('\n'));
}

}  // namespace

SubmissionRow::SubmissionRow(Submission submission)
    : job(std::move(submission.job)),
      request(request_body(submission.request)),
      hold(submission.hold),
      idempotency_key(std::move(submission.idempotency_key)),
      fingerprint(std::move(submission.fingerprint)) {}

Result<Submitted> Changes::submit(const SubmissionRow& submission) {
  const Time now = clock_.now();
  LLMSPOOL_TRY(first, replay(submission, now));
  if (first) return Submitted{{*std::move(first), {}, {}}, true};

  const auto older = superseded_by(submission.job);
  if (older && std::ranges::find(submission.job.after, older->id) != submission.job.after.end())
    return fail_field("after", "the job would replace job " + std::to_string(older->id) +
                                   " (by 'supersede') and cannot follow it.");
  const bool replaces_waiting = older && waits(older->status);
  LLMSPOOL_CHECK(
      check_room(submission.job.owner, submission.request.size(), replaces_waiting ? 1 : 0));
  Job job = submission.job;
  job.id = next_id_;
  remove_repeated(job.after);
  LLMSPOOL_TRY(predecessors, find_predecessors(database_, job));

  job::Transition accepted = job::create(std::move(job), submission.hold, now);
  Submitted submitted;
  if (older) submitted.applied.others = supersede(*older, accepted.job.id);
  for (const Applied& other : submitted.applied.others) {
    // It may have been one of those that the new job is to follow.
    if (std::erase(predecessors.open, other.job.id) > 0 && !predecessors.hopeless)
      predecessors.hopeless = job::Abandon{other.job.id, other.job.status};
  }
  if (predecessors.hopeless) {
    LLMSPOOL_TRY(failed, job::apply(std::move(accepted.job), *predecessors.hopeless, now));
    accepted.job = std::move(failed.job);
    std::move(failed.events.begin(), failed.events.end(), std::back_inserter(accepted.events));
  } else {
    open_dependencies(database_, accepted.job.id, predecessors.open);
    keep_superseding(accepted.job);
  }
  ++next_id_;
  insert(accepted.job, submission.request);
  write_events(database_, accepted.events);
  if (!submission.idempotency_key.empty()) {
    remove_old_keys(database_, now);
    keep_key(database_, accepted.job.owner, submission.idempotency_key,
             {accepted.job.id, submission.fingerprint}, now);
  }
  submitted.applied.job = std::move(accepted.job);
  submitted.applied.events = std::move(accepted.events);
  return submitted;
}

Result<void> Changes::check_room(const std::string& owner, std::size_t bytes, int leaving) {
  const Counts& counts = tally_.counts();
  const std::int64_t waiting = counts.held + counts.pending - leaving;
  if (std::cmp_greater_equal(waiting, options_.waiting_max))
    return fail(Code::queue_full, "The queue is full: " + std::to_string(waiting) +
                                      " jobs are waiting or held. Try again later.");
  if (options_.owner_waiting_max < options_.waiting_max) {
    const std::int64_t own = waiting_of(owner) - leaving;
    if (std::cmp_greater_equal(own, options_.owner_waiting_max))
      return fail(Code::queue_full, std::to_string(own) +
                                        " of your jobs are waiting, as many as one may have. Try "
                                        "again when some of them have ended.");
  }
  return space_.check(database_, static_cast<std::int64_t>(bytes));
}

std::int64_t Changes::waiting_of(const std::string& owner) {
  const auto [at, is_new] = owners_waiting_.try_emplace(owner);
  if (is_new) {
    Query row = database_.query(
        "SELECT count(*) FROM jobs INDEXED BY jobs_by_owner WHERE owner = ? AND status IN (0, 1)",
        owner);
    row.next();
    at->second = row.number(0);
  }
  return at->second;
}

// An owner who has not been asked about is counted when asked about.
void Changes::count_waiting(const std::string& owner, std::int64_t change) {
  if (const auto known = owners_waiting_.find(owner); known != owners_waiting_.end())
    known->second += change;
}

std::shared_ptr<const Job> Changes::superseded_by(const Job& newer) {
  if (newer.supersede.empty()) return nullptr;
  std::optional<JobId> older;
  if (Query row = database_.query("SELECT job_id FROM superseding WHERE owner = ? AND key = ?",
                                  newer.owner, newer.supersede);
      row.next())
    older = row.number(0);
  auto job = older ? load_or_set_aside(*older) : nullptr;
  return job && !job::ended(job->status) ? std::move(job) : nullptr;
}

// Cancels it, and gives what was changed.
std::vector<Applied> Changes::supersede(const Job& older, JobId by) {
  auto applied = carry_out(older, one(job::Supersede{by}));
  if (!applied) return {};
  auto others = std::exchange(applied->others, {});
  others.insert(others.begin(), *std::move(applied));
  return others;
}

void Changes::keep_superseding(const Job& job) {
  if (job.supersede.empty()) return;
  database_.run("INSERT OR REPLACE INTO superseding(owner, key, job_id) VALUES (?, ?, ?)",
                job.owner, job.supersede, job.id);
}

Result<std::optional<Job>> Changes::replay(const SubmissionRow& submission, Time now) {
  if (submission.idempotency_key.empty()) return std::nullopt;
  const auto use = find_key(database_, submission.job.owner, submission.idempotency_key, now);
  if (!use) return std::nullopt;
  if (use->fingerprint != submission.fingerprint)
    return fail(Code::unprocessable, "The idempotency key '" + key_as_given(submission) +
                                         "' has been used for another request, job " +
                                         std::to_string(use->job_id) +
                                         ": give every request a key of its own.");
  const auto first = load(use->job_id);
  if (!first)
    return fail(Code::conflict, "The idempotency key '" + key_as_given(submission) +
                                    "' has been used for job " + std::to_string(use->job_id) +
                                    ", which has been removed: give a new job a key of its own.");
  return *first;
}

void Changes::insert(Job& job, const std::string& request) {
  const Schedule schedule = schedule_of(database_, job, clock_.now());
  job.claimable = schedule.claimable;
  database_.run(
      "INSERT INTO jobs(id, status, owner, pipeline, backend, model, priority, queued, rank, "
      "claimable, diverts, due, expires, ended, group_id, seq, body, output) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      job.id, static_cast<int>(job.status), job.owner, job.pipeline, job.backend, job.model,
      job.priority, job.queued_at, job::rank(job.queued_at, job.priority, lines_.rules()),
      schedule.claimable, can_divert(job), schedule.due, expiry_of(job), end_of(job),
      groups_.id_of(database_, job), job.seq, job_body(job), job.output);
  database_.run("INSERT INTO requests(job_id, body) VALUES (?, ?)", job.id, request);
  relabel(job, {});
  tally_.add(job.status);
  groups_.add(database_, job);
  if (schedule.claimable) lines_.joined(job);
  if (waits(job.status)) count_waiting(job.owner, 1);
}

}  // namespace llmspool::store::sqlite
