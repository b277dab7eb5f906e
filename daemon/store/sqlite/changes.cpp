// SPDX-License-Identifier: MIT
#include "store/sqlite/changes.hpp"

#include <algorithm>
#include <array>
#include <deque>

#include "base/limits.hpp"
#include "store/sqlite/dependencies.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/idempotency.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;
using job::Status;

// When a job may be claimed: now, at a time, or (neither) when something else happens to it.
struct Schedule {
  bool claimable = false;
  std::optional<Time> due;
};

Schedule schedule_of(Database& database, const Job& job, Time now) {
  if (job.status != Status::pending || has_open_dependency(database, job)) return {};
  if (job.not_before && *job.not_before > now) return {false, job.not_before};
  return {true, std::nullopt};
}

std::optional<Time> expiry_of(const Job& job) {
  return job::ended(job.status) ? std::nullopt : job.deadline;
}

std::vector<JobId> ids_of(Query rows) {
  std::vector<JobId> ids;
  while (rows.next()) ids.push_back(rows.number(0));
  return ids;
}

std::array<job::Command, 1> one(job::Command command) {
  return {std::move(command)};
}

void remove_repeated(std::vector<JobId>& ids) {
  std::vector<JobId> once;
  for (const JobId id : ids) {
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  }
  ids = std::move(once);
}

job::Request request_of(Database& database, JobId id) {
  Query row = database.query("SELECT body FROM requests WHERE job_id = ?", id);
  if (!row.next()) database.fail_damaged("job " + std::to_string(id) + " has no request");
  return read_request(database, row.text(0));
}

}  // namespace

Changes::Changes(Database& database, const Clock& clock, Options options)
    : database_(database), clock_(clock), options_(options) {}

void Changes::begin() {
  if (begun_) return;
  Query id = database_.query("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'");
  next_id_ = id.next() ? id.number(0) + 1 : 1;
  tally_.read(database_);
  begun_ = true;
}

void Changes::flush() {
  tally_.write(database_);
}

void Changes::forget() {
  running_.clear();
  removed_ = false;
  begun_ = false;
}

Result<Submitted> Changes::submit(Submission& submission) {
  const Time now = clock_.now();
  LLMSPOOL_TRY(first, replay(submission, now));
  if (first) return Submitted{{*std::move(first), {}, {}}, true};

  const std::int64_t waiting = tally_.of(Status::held) + tally_.of(Status::pending);
  if (std::cmp_greater_equal(waiting, options_.waiting_max))
    return fail(Code::queue_full, "The queue is full: " + std::to_string(waiting) +
                                      " jobs are waiting. Try again later.");
  submission.job.id = next_id_;
  remove_repeated(submission.job.after);
  LLMSPOOL_TRY(predecessors, find_predecessors(database_, submission.job));

  job::Transition accepted = job::create(std::move(submission.job), submission.hold, now);
  if (predecessors.hopeless) {
    LLMSPOOL_TRY(failed, job::apply(accepted.job, *predecessors.hopeless, now));
    accepted.job = std::move(failed.job);
    std::move(failed.events.begin(), failed.events.end(), std::back_inserter(accepted.events));
  } else {
    open_dependencies(database_, accepted.job.id, predecessors.open);
  }
  ++next_id_;
  insert(accepted.job, submission.request);
  write_events(database_, accepted.events);
  if (!submission.idempotency_key.empty()) {
    keep_key(database_, accepted.job.owner, submission.idempotency_key,
             {accepted.job.id, submission.fingerprint}, now);
  }
  return Submitted{{std::move(accepted.job), std::move(accepted.events), {}}, false};
}

Result<std::optional<Job>> Changes::replay(const Submission& submission, Time now) {
  if (submission.idempotency_key.empty()) return std::nullopt;
  const auto use = find_key(database_, submission.job.owner, submission.idempotency_key, now);
  auto first = use ? load(use->job_id) : std::nullopt;
  if (first && use->fingerprint != submission.fingerprint)
    return fail(Code::unprocessable, "The idempotency key '" + submission.idempotency_key +
                                         "' has been used for another request, job " +
                                         std::to_string(first->id) +
                                         ": give every request a key of its own.");
  return first;  // none if it has been removed: its key is free again
}

void Changes::insert(const Job& job, const job::Request& request) {
  const Schedule schedule = schedule_of(database_, job, clock_.now());
  database_.run(
      "INSERT INTO jobs(id, status, owner, pipeline, backend, model, priority, claimable, due, "
      "expires, seq, body, output) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      job.id, static_cast<int>(job.status), job.owner, job.pipeline, job.backend, job.model,
      job.priority, schedule.claimable, schedule.due, expiry_of(job), job.seq, job_body(job),
      job.output);
  database_.run("INSERT INTO requests(job_id, body) VALUES (?, ?)", job.id, request_body(request));
  relabel(job, {});
  tally_.add(job.status);
}

Result<Applied> Changes::apply(JobId id, std::optional<job::Fence> fence, Commands commands) {
  for (const job::Command& command : commands) {
    if (std::holds_alternative<job::Start>(command))
      return fail(Code::internal, "A job is started by a claim, which gives it a lease.");
  }
  const auto before = load(id);
  if (!before) return no_such_job(id);
  if (fence && *fence != before->fence)
    return fail(Code::stale, "Job " + std::to_string(id) + " is no longer run by claim " +
                                 std::to_string(*fence) + ".");
  LLMSPOOL_TRY(applied, step(*before, commands));
  settle(applied);
  return applied;
}

std::optional<Job> Changes::load(JobId id) {
  if (const auto found = running_.find(id); found != running_.end()) return found->second;
  return find_job(database_, id);
}

Result<Applied> Changes::step(const Job& before, Commands commands) {
  Applied applied{before, {}, {}};
  Job& after = applied.job;
  bool only_text = true;
  for (const job::Command& command : commands) {
    LLMSPOOL_TRY(transition, job::apply(after, command, clock_.now()));
    if (std::holds_alternative<job::Restart>(command)) LLMSPOOL_CHECK(check_restart(after));
    after = std::move(transition.job);
    std::move(transition.events.begin(), transition.events.end(),
              std::back_inserter(applied.events));
    only_text = only_text && std::holds_alternative<job::Append>(command);
  }
  if (applied.events.empty()) return applied;

  // Nothing is refused any more: now the database.
  for (const job::Command& command : commands) {
    if (const auto* finish = std::get_if<job::FinishStep>(&command))
      keep_results(database_, after.id, *finish);
    if (std::holds_alternative<job::Restart>(command)) {
      drop_results(database_, after.id);
      open_dependencies(database_, after.id, find_remaining_predecessors(database_, after).open);
    }
  }
  if (after.labels != before.labels) relabel(after, before.labels);
  update(before, after, only_text);
  write_events(database_, applied.events);
  return applied;
}

// A job cannot run again before one that it is to follow and that did not complete.
Result<void> Changes::check_restart(const Job& job) {
  const auto hopeless = find_remaining_predecessors(database_, job).hopeless;
  if (!hopeless) return {};
  return fail(Code::conflict, "Job " + std::to_string(job.id) + " is to follow job " +
                                  std::to_string(hopeless->after) +
                                  ", which has not completed: run that one again first.");
}

// What the end of a job means for those that were to follow it, and for theirs in turn.
void Changes::settle(Applied& applied) {
  std::deque<job::Abandon> ends;
  if (job::ended(applied.job.status)) ends.push_back({applied.job.id, applied.job.status});
  for (; !ends.empty(); ends.pop_front()) {
    const job::Abandon end = ends.front();
    for (const JobId id : take_followers(database_, end.after)) {
      const auto follower = load(id);
      if (!follower || job::ended(follower->status)) continue;
      if (end.status == Status::completed) {
        const Schedule schedule = schedule_of(database_, *follower, clock_.now());
        database_.run("UPDATE jobs SET claimable = ?, due = ? WHERE id = ?", schedule.claimable,
                      schedule.due, id);
        continue;
      }
      if (auto abandoned = step(*follower, one(end))) {
        ends.push_back({id, abandoned->job.status});
        applied.others.push_back(*std::move(abandoned));
      }
    }
  }
}

void Changes::update(const Job& before, const Job& after, bool only_text) {
  if (only_text) {
    database_.run("UPDATE jobs SET seq = ? WHERE id = ?", after.seq, after.id);
  } else if (after.status == before.status && after.backend == before.backend &&
             after.priority == before.priority && after.not_before == before.not_before) {
    database_.run("UPDATE jobs SET seq = ?, body = ? WHERE id = ?", after.seq, job_body(after),
                  after.id);
  } else {
    const Schedule schedule = schedule_of(database_, after, clock_.now());
    database_.run(
        "UPDATE jobs SET status = ?, backend = ?, priority = ?, claimable = ?, due = ?, "
        "expires = ?, seq = ?, body = ?, output = ? WHERE id = ?",
        static_cast<int>(after.status), after.backend, after.priority, schedule.claimable,
        schedule.due, expiry_of(after), after.seq, job_body(after), after.output, after.id);
  }
  tally_.subtract(before.status);
  tally_.add(after.status);
  if (after.status == Status::processing) {
    running_.insert_or_assign(after.id, after);
  } else if (before.status == Status::processing) {
    running_.erase(after.id);
    database_.run("DELETE FROM leases WHERE job_id = ?", after.id);
  }
}

void Changes::relabel(const Job& job, const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels)
    database_.run("DELETE FROM labels WHERE key = ? AND value = ? AND job_id = ?", key, value,
                  job.id);
  for (const auto& [key, value] : job.labels)
    database_.run("INSERT INTO labels(key, value, job_id) VALUES (?, ?, ?)", key, value, job.id);
}

Result<std::optional<Claimed>> Changes::claim(const std::string& backend, const std::string& node,
                                              Time lease_until) {
  const auto ids = ids_of(database_.query(
      "SELECT id FROM jobs WHERE backend = ? AND claimable = 1 ORDER BY priority DESC, id LIMIT 1",
      backend));
  if (ids.empty()) return std::nullopt;
  const auto before = load(ids.front());
  if (!before) database_.fail_damaged("an index names a job that is not there");
  LLMSPOOL_TRY(applied, step(*before, one(job::Start{backend})));
  database_.run("INSERT INTO leases(job_id, node, life, ends) VALUES (?, ?, ?, ?)", before->id,
                node, options_.life, lease_until);
  Claimed claimed{.applied = std::move(applied)};
  if (const auto found = unreadable_.find(before->id); found != unreadable_.end()) {
    claimed.unreadable = found->second;
    return claimed;
  }
  try {
    claimed.request = request_of(database_, before->id);
    claimed.finished = steps_of(database_, before->id);
  } catch (const DamageError& damage) {
    // SQLite lets nothing more be written in this transaction. The next one starts the job without
    // reading, so that it fails and does not keep all those behind it waiting.
    unreadable_.emplace(before->id, damage.what());
    throw;
  }
  return claimed;
}

Result<void> Changes::renew(const std::string& node, Time lease_until) {
  database_.run("UPDATE leases SET ends = ? WHERE node = ? AND life = ?", lease_until, node,
                options_.life);
  return {};
}

Result<std::vector<Applied>> Changes::recover(const std::string& node) {
  std::vector<Applied> interrupted;
  for (const JobId id : ids_of(database_.query(
           "SELECT job_id FROM leases WHERE (node = ? AND life <> ?) OR ends <= ? ORDER BY job_id",
           node, options_.life, clock_.now()))) {
    if (auto applied = apply(id, std::nullopt, one(job::Interrupt{})))
      interrupted.push_back(*std::move(applied));
  }
  return interrupted;
}

Result<Store::Woken> Changes::wake() {
  const Time now = clock_.now();
  Store::Woken woken;
  // No more at once than a commit may hold: the rest makes `next` a time that has passed.
  constexpr auto kMost = limits::kCommandsPerCommit;
  database_.run(
      "UPDATE jobs SET claimable = 1, due = NULL WHERE id IN "
      "(SELECT id FROM jobs WHERE due <= ? ORDER BY due LIMIT ?)",
      now, kMost);
  for (const JobId id : ids_of(database_.query(
           "SELECT id FROM jobs WHERE expires <= ? ORDER BY expires LIMIT ?", now, kMost))) {
    // It may be gone with one before it, which it was to follow.
    if (auto expired = apply(id, std::nullopt, one(job::Expire{})))
      woken.expired.push_back(*std::move(expired));
  }
  Query due = database_.query("SELECT due FROM jobs WHERE due IS NOT NULL ORDER BY due LIMIT 1");
  if (due.next()) woken.next = due.time(0);
  Query expires = database_.query(
      "SELECT expires FROM jobs WHERE expires IS NOT NULL ORDER BY expires LIMIT 1");
  if (expires.next()) woken.next = std::min(woken.next.value_or(Time::max()), expires.time(0));
  return woken;
}

Result<void> Changes::remove(JobId id) {
  const auto job = load(id);
  if (!job) return no_such_job(id);
  if (!job::ended(job->status))
    return fail(Code::conflict, "Job " + std::to_string(id) + " is " +
                                    std::string(job::to_string(job->status)) +
                                    ": cancel it before it is removed.");
  drop_results(database_, id);
  database_.run("DELETE FROM events WHERE job_id = ?", id);
  database_.run("DELETE FROM requests WHERE job_id = ?", id);
  database_.run("DELETE FROM jobs WHERE id = ?", id);
  Job bare{.id = id};
  relabel(bare, job->labels);
  tally_.subtract(job->status);
  removed_ = true;
  return {};
}

}  // namespace llmspool::store::sqlite
