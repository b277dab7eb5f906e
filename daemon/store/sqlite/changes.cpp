// SPDX-License-Identifier: MIT
#include "store/sqlite/changes.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "store/sqlite/dependencies.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/idempotency.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;
using job::Status;

// When a job may be claimed: now, at a time, or (neither) when something else happens to it.
struct Schedule {
  bool claimable = false;
  std::optional<Time> due{};
  std::optional<Time> paused{};  // since when, if its due time is the end of a pause
};

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

bool waits(Status status) {
  return status == Status::held || status == Status::pending;
}

// Whether another of its candidates may take it when its backend does not.
bool can_divert(const Job& job) {
  return !job::alternatives(job).empty();
}

std::optional<Time> end_of(const Job& job) {
  return job::ended(job.status) ? job.completed_at : std::nullopt;
}

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

Changes::Changes(Database& database, const Clock& clock, Options options)
    : database_(database),
      clock_(clock),
      options_(options),
      lines_(options.turns),
      space_(options.space) {}

void Changes::begin() {
  space_.forget();
  may_tell_ = options_.told_at_once;
  ready_before_ = ready_;
  if (begun_) return;
  next_id_ = written_next_id_ = read_number(database_, "next_id").value_or(1);
  tally_.read(database_);
  begun_ = true;
}

void Changes::flush() {
  tally_.write(database_);
  groups_.write(database_);
  if (next_id_ != written_next_id_) write_number(database_, "next_id", next_id_);
  written_next_id_ = next_id_;
}

void Changes::forget() {
  running_.clear();
  runs_.clear();
  lines_.forget();
  groups_.forget();
  owners_waiting_.clear();
  removed_ = false;
  untold_ = true;
  ready_ = ready_before_;
  begun_ = false;
}

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
  return carry_out(*before, commands);
}

Result<Applied> Changes::carry_out(const Job& before, Commands commands) {
  LLMSPOOL_TRY(applied, step(before, commands));
  settle(applied);
  return applied;
}

std::shared_ptr<const Job> Changes::load(JobId id) {
  if (const auto found = running_.find(id); found != running_.end()) return found->second;
  auto job = find_job(database_, id);
  return job ? std::make_shared<const Job>(*std::move(job)) : nullptr;
}

std::shared_ptr<const Job> Changes::load_or_set_aside(JobId id) {
  if (damaged_.contains(id)) {
    database_.run(
        "UPDATE jobs SET claimable = 0, due = NULL, paused = NULL, expires = NULL, ended = NULL, "
        "run = NULL WHERE id = ?",
        id);
    if (has_followers(database_, id)) {
      tell_later(database_, {.after = id});
      untold_ = true;
    }
    return nullptr;
  }
  try {
    return load(id);
  } catch (const DamageError& damage) {
    // SQLite lets nothing more be written in this transaction, but in the next.
    damaged_.insert(id);
    learned_ = true;
    log::error("Job " + std::to_string(id) + " cannot be read and is passed over: " + damage.what(),
               {{"JOB_ID", std::to_string(id)}});
    throw;
  }
}

std::optional<Applied> Changes::apply_on_the_way(JobId id, job::Command command) {
  const auto before = load_or_set_aside(id);
  if (!before) return std::nullopt;
  auto applied = carry_out(*before, one(std::move(command)));
  return applied ? std::optional(*std::move(applied)) : std::nullopt;
}

Result<Applied> Changes::step(const Job& before, Commands commands,
                              std::optional<std::int64_t> run) {
  Applied applied{before, {}, {}};
  Job& after = applied.job;
  bool only_text = true;
  for (const job::Command& command : commands) {
    LLMSPOOL_TRY(transition, job::apply(std::move(after), command, clock_.now()));
    after = std::move(transition.job);
    if (std::holds_alternative<job::Restart>(command)) LLMSPOOL_CHECK(check_restart(after));
    std::move(transition.events.begin(), transition.events.end(),
              std::back_inserter(applied.events));
    only_text = only_text && std::holds_alternative<job::Append>(command);
  }
  if (applied.events.empty()) return applied;

  // Nothing is refused any more: now the database.
  const bool ends = job::ended(after.status) && !job::ended(before.status);
  if (ends && after.attempt > 0) drop_steps(database_, after.id);
  for (const job::Command& command : commands) {
    if (const auto* finish = std::get_if<job::FinishStep>(&command)) {
      if (!ends) keep_step(database_, after.id, finish->result);
      keep_files(database_, after.id, finish->files);
    }
    if (std::holds_alternative<job::Restart>(command)) {
      unreadable_.erase(after.id);
      drop_steps(database_, after.id);  // which a database of the first format has kept
      drop_files(database_, after.id);
      open_dependencies(database_, after.id, find_remaining_predecessors(database_, after).open);
      keep_superseding(after);
    }
  }
  if (after.labels != before.labels) relabel(after, before.labels);
  update(before, after, only_text, run);
  write_events(database_, applied.events);
  return applied;
}

// A job cannot run again before one that it is to follow and that did not complete, nor when what
// it was to work with has been removed.
Result<void> Changes::check_restart(const Job& job) {
  if (Query request = database_.query("SELECT 1 FROM requests WHERE job_id = ?", job.id);
      !request.next())
    return fail(Code::conflict, "The inputs of job " + std::to_string(job.id) +
                                    " have been removed, since it ended long ago: submit it anew.");
  if (const auto newer = superseded_by(job))
    return fail(Code::conflict, "Job " + std::to_string(job.id) + " has been replaced by job " +
                                    std::to_string(newer->id) +
                                    ", which is still to run: cancel that one first.");
  if (has_untold_end(database_, job.id))
    return fail(Code::conflict, "Job " + std::to_string(job.id) +
                                    " has ended a moment ago, and not all that were to follow it "
                                    "know yet: try again in a moment.");
  const auto hopeless = find_remaining_predecessors(database_, job).hopeless;
  if (!hopeless) return check_room(job.owner, 0);
  return fail(Code::conflict, "Job " + std::to_string(job.id) + " is to follow job " +
                                  std::to_string(hopeless->after) +
                                  ", which has not completed: run that one again first.");
}

void Changes::settle(Applied& applied) {
  const Job& job = applied.job;
  if (job::ended(job.status) && has_followers(database_, job.id))
    tell_followers({{job.id, job.status}}, applied.others);
}

// What the ends of jobs mean for those that were to follow them, and for theirs in turn: of a batch
// in one transaction. wake() tells the others.
void Changes::tell_followers(std::deque<job::Abandon> ends, std::vector<Applied>& changed) {
  while (!ends.empty() && may_tell_ > 0) {
    const job::Abandon end = ends.front();
    const auto followers = take_followers(database_, end.after, may_tell_);
    may_tell_ -= followers.size();
    if (may_tell_ > 0) ends.pop_front();  // else there may be more of them
    for (const JobId id : followers) {
      const auto follower = load_or_set_aside(id);
      if (!follower || job::ended(follower->status)) continue;
      if (end.status == Status::completed) {
        reschedule(*follower);
        continue;
      }
      if (auto abandoned = step(*follower, one(end))) {
        if (has_followers(database_, id)) ends.push_back({id, abandoned->job.status});
        changed.push_back(*std::move(abandoned));
      }
    }
  }
  for (const job::Abandon& end : ends) tell_later(database_, end);
  untold_ = untold_ || !ends.empty();
}

void Changes::update(const Job& before, Job& after, bool only_text,
                     std::optional<std::int64_t> run) {
  if (only_text) {
    database_.run("UPDATE jobs SET seq = ? WHERE id = ?", after.seq, after.id);
  } else if (after.status == before.status && after.backend == before.backend &&
             after.model == before.model && after.backends == before.backends &&
             after.priority == before.priority && after.not_before == before.not_before &&
             after.pause == before.pause) {
    database_.run("UPDATE jobs SET seq = ?, body = ? WHERE id = ?", after.seq, job_body(after),
                  after.id);
  } else {
    const Schedule schedule = schedule_of(database_, after, clock_.now());
    after.claimable = schedule.claimable;
    database_.run(
        "UPDATE jobs SET status = ?, backend = ?, model = ?, priority = ?, queued = ?, rank = ?, "
        "claimable = ?, diverts = ?, due = ?, paused = ?, expires = ?, ended = ?, run = ?, "
        "seq = ?, body = ?, output = ? WHERE id = ?",
        static_cast<int>(after.status), after.backend, after.model, after.priority, after.queued_at,
        job::rank(after.queued_at, after.priority, lines_.rules()), schedule.claimable,
        can_divert(after), schedule.due, schedule.paused, expiry_of(after), end_of(after), run,
        after.seq, job_body(after), after.output, after.id);
    // One that starts has been taken from its line already.
    if (before.status == Status::pending && after.status != Status::processing) lines_.left(before);
    if (schedule.claimable) lines_.joined(after);
  }
  count(before, after);
  if (after.status == Status::processing) {
    running_.insert_or_assign(after.id, std::make_shared<const Job>(after));
  } else if (before.status == Status::processing) {
    running_.erase(after.id);
  }
  if (!after.supersede.empty() && job::ended(after.status))
    database_.run("DELETE FROM superseding WHERE owner = ? AND key = ? AND job_id = ?", after.owner,
                  after.supersede, after.id);
}

void Changes::count(const Job& before, const Job& after) {
  if (before.status == after.status) return;
  tally_.subtract(before.status);
  tally_.add(after.status);
  groups_.subtract(database_, before);
  groups_.add(database_, after);
  if (waits(before.status) != waits(after.status))
    count_waiting(after.owner, waits(after.status) ? 1 : -1);
}

// What it waited for has happened.
void Changes::reschedule(const Job& job) {
  const Schedule schedule = schedule_of(database_, job, clock_.now());
  database_.run("UPDATE jobs SET claimable = ?, due = ?, paused = ? WHERE id = ?",
                schedule.claimable, schedule.due, schedule.paused, job.id);
  if (!schedule.claimable) return;
  lines_.joined(job);
  became_ready(job.backend, job.id);
}

void Changes::became_ready(const std::string& backend, JobId id) {
  const auto [lowest, is_new] = ready_.try_emplace(backend, id);
  if (!is_new) lowest->second = std::min(lowest->second, id);
}

void Changes::relabel(const Job& job, const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels)
    database_.run("DELETE FROM labels WHERE key = ? AND value = ? AND job_id = ?", key, value,
                  job.id);
  for (const auto& [key, value] : job.labels)
    database_.run("INSERT INTO labels(key, value, job_id) VALUES (?, ?, ?)", key, value, job.id);
}

Result<Batch> Changes::cancel_group(const std::string& owner, const std::string& group,
                                    JobId before) {
  groups_.write(database_);
  const auto found = find_group(database_, owner, group);
  if (!found) return no_such_group(group);
  // Those that have ended, perhaps a million, are only looked at up to the last that has not.
  const auto& jobs = found->jobs;
  const auto most =
      std::min(jobs.held + jobs.pending + jobs.processing, static_cast<std::int64_t>(kBatch));
  if (most <= 0) return Batch{};
  const auto ids = ids_of(database_.query(
      "SELECT id FROM jobs INDEXED BY jobs_by_group WHERE id < ? AND status < 3 AND group_id = "
      "(SELECT id FROM groups WHERE owner = ? AND name = ?) ORDER BY id DESC LIMIT ?",
      before, owner, group, most));
  Batch batch = batch_of(ids, before);
  for (const JobId id : ids) {
    if (auto cancelled = apply_on_the_way(id, job::Cancel{}))
      batch.applied.push_back(*std::move(cancelled));
  }
  return batch;
}

Result<void> Changes::set_switch(const std::string& name, bool on) {
  if (on) {
    database_.run("INSERT OR IGNORE INTO switches(name) VALUES (?)", name);
  } else {
    database_.run("DELETE FROM switches WHERE name = ?", name);
  }
  return {};
}

}  // namespace llmspool::store::sqlite
