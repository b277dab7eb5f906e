// SPDX-License-Identifier: MIT
#include "store/sqlite/dependencies.hpp"

#include "store/sqlite/several.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::JobId;
using job::Status;

struct Standing {
  Status status;
  std::string owner;
};

std::optional<Standing> standing_of(Database& database, JobId id) {
  Query row = database.query("SELECT status, owner FROM jobs WHERE id = ?", id);
  if (!row.next()) return std::nullopt;
  return Standing{static_cast<Status>(row.number(0)), std::string(row.text(1))};
}

void add(Predecessors& to, JobId id, Status status) {
  if (!job::ended(status)) {
    to.open.push_back(id);
  } else if (status != Status::completed && !to.hopeless) {
    to.hopeless = job::Abandon{id, status};
  }
}

}  // namespace

Result<Predecessors> find_predecessors(Database& database, const job::Job& job) {
  Predecessors predecessors;
  for (const JobId id : job.after) {
    const auto standing = standing_of(database, id);
    // Another's job is as unknown as one that is not there: its existence is nobody's business.
    if (!standing || standing->owner != job.owner)
      return fail_field("after", "you have no job " + std::to_string(id) + " to wait for.");
    add(predecessors, id, standing->status);
  }
  return predecessors;
}

Predecessors find_remaining_predecessors(Database& database, const job::Job& job) {
  Predecessors predecessors;
  for (const JobId id : job.after) {
    if (const auto standing = standing_of(database, id)) add(predecessors, id, standing->status);
  }
  return predecessors;
}

void open_dependencies(Database& database, JobId id, const std::vector<JobId>& after) {
  for (const JobId after_id : after)
    database.run("INSERT OR IGNORE INTO dependencies(after_id, job_id) VALUES (?, ?)", after_id,
                 id);
}

bool has_open_dependency(Database& database, const job::Job& job) {
  for (const JobId after_id : job.after) {
    Query row = database.query("SELECT 1 FROM dependencies WHERE after_id = ? AND job_id = ?",
                               after_id, job.id);
    if (row.next()) return true;
  }
  return false;
}

bool has_followers(Database& database, JobId id) {
  return database.query("SELECT 1 FROM dependencies WHERE after_id = ? LIMIT 1", id).next();
}

std::vector<JobId> take_followers(Database& database, JobId id, std::size_t limit) {
  auto followers = ids_of(database.query(
      "SELECT job_id FROM dependencies WHERE after_id = ? ORDER BY job_id LIMIT ?", id, limit));
  if (!followers.empty())
    database.run("DELETE FROM dependencies WHERE after_id = ? AND job_id <= ?", id,
                 followers.back());
  return followers;
}

void tell_later(Database& database, const job::Abandon& end) {
  database.run("INSERT OR REPLACE INTO untold_ends(job_id, status) VALUES (?, ?)", end.after,
               static_cast<int>(end.status));
}

std::deque<job::Abandon> take_untold_ends(Database& database, std::size_t limit) {
  std::deque<job::Abandon> ends;
  {
    Query row =
        database.query("SELECT job_id, status FROM untold_ends ORDER BY job_id LIMIT ?", limit);
    while (row.next()) ends.push_back({row.number(0), static_cast<Status>(row.number(1))});
  }
  for (const auto& end : ends) database.run("DELETE FROM untold_ends WHERE job_id = ?", end.after);
  return ends;
}

bool has_untold_end(Database& database, JobId id) {
  return database.query("SELECT 1 FROM untold_ends WHERE job_id = ?", id).next();
}

}  // namespace llmspool::store::sqlite
