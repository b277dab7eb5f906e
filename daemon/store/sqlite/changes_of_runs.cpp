// SPDX-License-Identifier: MIT
// What runs when: claims, leases, delays, deadlines.
#include <algorithm>

#include "base/limits.hpp"
#include "store/sqlite/changes.hpp"
#include "store/sqlite/dependencies.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;

// A lease that is known to last this much less is not worth another row.
constexpr std::chrono::seconds kLeaseSlack{1};

job::Request request_of(Database& database, JobId id) {
  Query row = database.query("SELECT body FROM requests WHERE job_id = ?", id);
  if (!row.next()) database.fail_damaged("job " + std::to_string(id) + " has no request");
  return read_request(database, row.text(0));
}

}  // namespace

Result<std::vector<Claimed>> Changes::claim(const Claim& claim) {
  const Time now = clock_.now();
  std::vector<Claimed> all;
  while (all.size() < claim.limit) {
    const auto head = lines_.next(database_, claim.backend, claim.models, now);
    if (!head) break;
    const auto before = load_or_set_aside(head->id);
    if (!before && !damaged_.contains(head->id))
      database_.fail_damaged("an index names a job that is not there");
    if (!before) {
      lines_.lose(claim.backend, {head->owner, head->model});
      continue;
    }
    lines_.take(claim.backend, *head, now);
    LLMSPOOL_TRY(applied, step(*before, one(job::Start{claim.backend}),
                               run_of(claim.node, claim.lease_until)));
    all.push_back({.applied = std::move(applied)});
    read_work(*before, all.back());
  }
  return all;
}

void Changes::read_work(const Job& before, Claimed& claimed) {
  if (const auto found = unreadable_.find(before.id); found != unreadable_.end()) {
    claimed.unreadable = found->second;
    return;
  }
  try {
    claimed.request = request_of(database_, before.id);
    // Only one that has run before can have finished a step.
    if (before.attempt > 0) claimed.finished = steps_of(database_, before.id);
  } catch (const DamageError& damage) {
    // SQLite lets nothing more be written in this transaction. The next one starts the job without
    // reading, so that it fails and does not keep all those behind it waiting.
    unreadable_.emplace(before.id, damage.what());
    learned_ = true;
    throw;
  }
}

// The present run of the node, whose lease lasts at least so long.
std::int64_t Changes::run_of(const std::string& node, Time lease_until) {
  const auto [at, is_new] = runs_.try_emplace(node);
  Run& run = at->second;
  if (is_new) {
    Query row = database_.query("INSERT INTO runs(node, ends) VALUES (?, ?) RETURNING id", node,
                                lease_until);
    row.next();
    run = {row.number(0), lease_until};
    while (row.next()) {
    }
  } else if (lease_until > run.ends + kLeaseSlack) {
    extend(run, lease_until);
  }
  return run.id;
}

void Changes::extend(Run& run, Time lease_until) {
  database_.run("UPDATE runs SET ends = ? WHERE id = ?", lease_until, run.id);
  run.ends = lease_until;
}

Result<void> Changes::renew(const std::string& node, Time lease_until) {
  database_.run("UPDATE runs SET ends = ? WHERE node = ?", lease_until, node);
  if (const auto run = runs_.find(node); run != runs_.end()) run->second.ends = lease_until;
  return {};
}

Result<Store::Recovered> Changes::recover(const std::string& node) {
  const auto run = runs_.find(node);
  const std::int64_t own = run == runs_.end() ? 0 : run->second.id;
  Store::Recovered recovered;
  for (const JobId id : ids_of(database_.query(
           "SELECT id FROM jobs INDEXED BY jobs_by_status WHERE status = 2 AND run IN "
           "(SELECT id FROM runs WHERE (node = ? AND id <> ?) OR ends <= ?) ORDER BY id",
           node, own, clock_.now()))) {
    if (auto applied = apply_on_the_way(id, job::Interrupt{}))
      recovered.interrupted.push_back(*std::move(applied));
  }
  if (Query row =
          database_.query("SELECT max(ends) FROM runs WHERE node = ? AND id <> ?", node, own);
      row.next() && !row.is_null(0))
    recovered.leased_until = row.time(0);
  // The next life is to hear of it too, though this one may run nothing.
  const std::int64_t kept = recovered.leased_until ? run_of(node, *recovered.leased_until) : own;
  database_.run("DELETE FROM runs WHERE node = ? AND id <> ?", node, kept);
  recovered.awaited = awaited_backends(database_);
  return recovered;
}

Result<Batch> Changes::divert(const std::string& backend, const std::vector<std::string>& others,
                              JobId after) {
  const auto ids = ids_of(database_.query(
      "SELECT id FROM jobs INDEXED BY jobs_diverting WHERE claimable = 1 AND diverts = 1 AND "
      "backend = ? AND id > ? ORDER BY id LIMIT ?",
      backend, after, kBatch));
  Batch batch = batch_of(ids, after);
  for (const JobId id : ids) {
    const auto before = load_or_set_aside(id);
    if (!before) continue;
    const auto alternatives = job::alternatives(*before);
    const auto next = std::ranges::find_first_of(alternatives, others);
    if (next == alternatives.end()) continue;
    LLMSPOOL_TRY(applied, step(*before, one(job::Divert{*next})));
    batch.applied.push_back(std::move(applied));
  }
  return batch;
}

Result<Store::Woken> Changes::wake() {
  const Time now = clock_.now();
  Store::Woken woken;
  // No more at once than a commit may hold: the rest makes `next` a time that has passed.
  constexpr auto kMost = limits::kCommandsPerCommit;
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> lines;
  {
    Query row = database_.query(
        "UPDATE jobs SET claimable = 1, due = NULL, paused = NULL WHERE id IN (SELECT id FROM jobs "
        "WHERE due <= ? ORDER BY due LIMIT ?) RETURNING backend, owner, model, id",
        now, kMost);
    while (row.next()) {
      lines.push_back(
          {std::string(row.text(0)), {std::string(row.text(1)), std::string(row.text(2))}});
      became_ready(lines.back().first, row.number(3));
    }
  }
  for (const auto& [backend, line] : lines) lines_.lose(backend, line);
  for (const JobId id : ids_of(database_.query(
           "SELECT id FROM jobs WHERE paused > ? ORDER BY paused DESC LIMIT ?", now, kMost))) {
    if (const auto job = load_or_set_aside(id)) reschedule(*job);
  }
  for (const JobId id : ids_of(database_.query(
           "SELECT id FROM jobs WHERE expires <= ? ORDER BY expires LIMIT ?", now, kMost))) {
    // It may be gone with one before it, which it was to follow.
    if (auto expired = apply_on_the_way(id, job::Expire{}))
      woken.ended.push_back(*std::move(expired));
  }
  if (untold_) {
    const std::size_t limit = may_tell_;
    auto ends = take_untold_ends(database_, limit);
    untold_ = ends.size() == limit;
    tell_followers(std::move(ends), woken.ended);
  }
  Query due = database_.query("SELECT due FROM jobs WHERE due IS NOT NULL ORDER BY due LIMIT 1");
  if (due.next()) woken.next = due.time(0);
  Query expires = database_.query(
      "SELECT expires FROM jobs WHERE expires IS NOT NULL ORDER BY expires LIMIT 1");
  if (expires.next()) woken.next = std::min(woken.next.value_or(Time::max()), expires.time(0));
  if (untold_) woken.next = now;
  woken.ready = std::exchange(ready_, {});
  return woken;
}

}  // namespace llmspool::store::sqlite
