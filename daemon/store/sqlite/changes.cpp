// SPDX-License-Identifier: MIT
#include "store/sqlite/changes.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "store/sqlite/dependencies.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/schedule.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {

using job::Job;
using job::JobId;
using job::Status;

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
