// SPDX-License-Identifier: MIT
#include "store/sqlite/sqlite_store.hpp"

#include "store/sqlite/events.hpp"
#include "store/sqlite/groups.hpp"
#include "store/sqlite/idempotency.hpp"
#include "store/sqlite/lines.hpp"
#include "store/sqlite/listing.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;

// What is asked for a job that has none of it may be asked for a job that is not there.
Result<void> check_exists(Database& database, JobId id) {
  Query row = database.query("SELECT 1 FROM jobs WHERE id = ?", id);
  if (!row.next()) return no_such_job(id);
  return {};
}

}  // namespace

void SqliteStore::submit(Submission submission, Done<Submitted> done) {
  push<Submitted>([row = SubmissionRow(std::move(submission))](
                      Changes& changes) { return changes.submit(row); },
                  std::move(done));
}

void SqliteStore::submit_all(std::vector<Submission> submissions,
                             Done<std::vector<Result<Submitted>>> done) {
  using All = std::vector<Result<Submitted>>;
  std::vector<SubmissionRow> rows;
  rows.reserve(submissions.size());
  for (Submission& each : submissions) rows.emplace_back(std::move(each));
  push<All>(
      [rows = std::move(rows)](Changes& changes) -> Result<All> {
        All all;
        all.reserve(rows.size());
        for (const SubmissionRow& each : rows) all.push_back(changes.submit(each));
        return all;
      },
      std::move(done));
}

void SqliteStore::apply(JobId id, std::optional<job::Fence> fence,
                        std::vector<job::Command> commands, Done<Applied> done) {
  push<Applied>([id, fence, commands = std::move(commands)](
                    Changes& changes) { return changes.apply(id, fence, commands); },
                std::move(done));
}

void SqliteStore::claim(Claim claim, Done<std::vector<Claimed>> done) {
  push<std::vector<Claimed>>(
      [claim = std::move(claim)](Changes& changes) { return changes.claim(claim); },
      std::move(done));
}

void SqliteStore::divert(std::string backend, std::vector<std::string> others, JobId after,
                         Done<Batch> done) {
  push<Batch>([backend = std::move(backend), others = std::move(others),
               after](Changes& changes) { return changes.divert(backend, others, after); },
              std::move(done));
}

void SqliteStore::cancel_group(std::string owner, std::string group, JobId before,
                               Done<Batch> done) {
  push<Batch>([owner = std::move(owner), group = std::move(group),
               before](Changes& changes) { return changes.cancel_group(owner, group, before); },
              std::move(done));
}

void SqliteStore::renew(std::string node, Time lease_until, Done<void> done) {
  push<void>([node = std::move(node),
              lease_until](Changes& changes) { return changes.renew(node, lease_until); },
             std::move(done));
}

void SqliteStore::recover(std::string node, Done<Recovered> done) {
  push<Recovered>([node = std::move(node)](Changes& changes) { return changes.recover(node); },
                  std::move(done));
}

void SqliteStore::wake(Done<Woken> done) {
  push<Woken>([](Changes& changes) { return changes.wake(); }, std::move(done));
}

void SqliteStore::remove(JobId id, Done<void> done) {
  push<void>([id](Changes& changes) { return changes.remove(id); }, std::move(done));
}

void SqliteStore::retain(Retention retention, Done<Retained> done) {
  push<Retained>([retention](Changes& changes) { return changes.retain(retention); },
                 std::move(done));
}

void SqliteStore::set_switch(std::string name, bool on, Done<void> done) {
  push<void>(
      [name = std::move(name), on](Changes& changes) { return changes.set_switch(name, on); },
      std::move(done));
}

Result<Job> SqliteStore::get(JobId id) {
  return read([id](Database& database) -> Result<Job> {
    auto job = find_job(database, id);
    if (!job) return no_such_job(id);
    return *std::move(job);
  });
}

Result<std::vector<Job>> SqliteStore::list(const Filter& filter) {
  return read(
      [&](Database& database) -> Result<std::vector<Job>> { return list_jobs(database, filter); });
}

Result<std::vector<job::Event>> SqliteStore::events(JobId id, job::Seq after, std::size_t limit) {
  return read([&](Database& database) -> Result<std::vector<job::Event>> {
    const auto job = find_job(database, id);
    if (!job) return no_such_job(id);
    return events_of(database, *job, after, limit);
  });
}

Result<std::vector<FileInfo>> SqliteStore::files(JobId id) {
  return read([&](Database& database) -> Result<std::vector<FileInfo>> {
    auto files = files_of(database, id);
    if (files.empty()) LLMSPOOL_CHECK(check_exists(database, id));
    return files;
  });
}

Result<job::File> SqliteStore::file(JobId id, const std::string& name) {
  return read([&](Database& database) -> Result<job::File> {
    auto file = find_file(database, id, name);
    if (file) return *std::move(file);
    LLMSPOOL_CHECK(check_exists(database, id));
    return fail(Code::not_found, "Job " + std::to_string(id) + " has no file '" + name + "'.");
  });
}

Result<Counts> SqliteStore::counts() {
  return read([](Database& database) -> Result<Counts> {
    Tally tally;
    tally.read(database);
    return tally.counts();
  });
}

Result<std::vector<Group>> SqliteStore::groups(const std::optional<std::string>& owner,
                                               std::size_t limit) {
  return read([&](Database& database) -> Result<std::vector<Group>> {
    return groups_of(database, owner, limit);
  });
}

Result<Group> SqliteStore::group(const std::string& owner, const std::string& name) {
  return read([&](Database& database) -> Result<Group> {
    auto group = find_group(database, owner, name);
    if (!group) return no_such_group(name);
    return *std::move(group);
  });
}

Result<Queue> SqliteStore::queue(const std::string& backend, std::size_t per_line) {
  return read([&](Database& database) -> Result<Queue> {
    auto first = first_of_lines(database, backend, per_line);
    Queue queue{.first = std::move(first.heads),
                .per_line = first.per_line,
                .last = last_of_lines(database, backend)};
    Query row = database.query(
        "SELECT count(*) FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 AND backend = ?",
        backend);
    row.next();
    queue.waiting = row.number(0);
    return queue;
  });
}

Result<std::optional<std::pair<Job, std::string>>> SqliteStore::known_key(const std::string& owner,
                                                                          const std::string& key) {
  using Known = std::optional<std::pair<Job, std::string>>;
  return read([&](Database& database) -> Result<Known> {
    const auto use = find_key(database, owner, key, clock_.now());
    auto job = use ? find_job(database, use->job_id) : std::nullopt;
    if (!job) return std::nullopt;
    return std::pair(*std::move(job), use->fingerprint);
  });
}

Result<void> SqliteStore::room() {
  return read([this](Database& database) { return Space(space_).check(database, 1); });
}

Result<std::set<std::string>> SqliteStore::switches() {
  return read([](Database& database) -> Result<std::set<std::string>> {
    std::set<std::string> on;
    Query row = database.query("SELECT name FROM switches");
    while (row.next()) on.emplace(row.text(0));
    return on;
  });
}

}  // namespace llmspool::store::sqlite
