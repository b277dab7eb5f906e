// SPDX-License-Identifier: MIT
#include "store/sqlite/groups.hpp"

namespace llmspool::store::sqlite {
namespace {

constexpr std::string_view kColumns =
    "name, owner, created, held, pending, processing, completed, failed, cancelled, "
    // Few run, however many jobs a group has.
    "(SELECT coalesce(sum(json_extract(body, '$.progress')), 0) FROM jobs INDEXED BY "
    "jobs_by_status WHERE status = 2 AND group_id = groups.id)";

Group read_group(const Query& row) {
  return {
      std::string(row.text(0)),
      std::string(row.text(1)),
      row.time(2),
      {row.number(3), row.number(4), row.number(5), row.number(6), row.number(7), row.number(8)},
      row.number(9)};
}

std::string key_of(const job::Job& job) {
  return job.owner + '\0' + job.group;
}

}  // namespace

std::vector<Group> groups_of(Database& database, const std::optional<std::string>& owner,
                             std::size_t limit) {
  static const std::string all = "SELECT " + std::string(kColumns) +
                                 " FROM groups WHERE ?1 IS NULL OR owner = ?1 "
                                 "ORDER BY id DESC LIMIT ?2";
  std::vector<Group> groups;
  Query row = database.query(all, owner, limit);
  while (row.next()) groups.push_back(read_group(row));
  return groups;
}

std::optional<Group> find_group(Database& database, const std::string& owner,
                                const std::string& name) {
  static const std::string one =
      "SELECT " + std::string(kColumns) + " FROM groups WHERE owner = ? AND name = ?";
  Query row = database.query(one, owner, name);
  if (!row.next()) return std::nullopt;
  return read_group(row);
}

Groups::Open& Groups::open(Database& database, const job::Job& job) {
  const auto [at, is_new] = open_.try_emplace(key_of(job));
  Open& group = at->second;
  if (!is_new) return group;
  database.run("INSERT OR IGNORE INTO groups(owner, name, created) VALUES (?, ?, ?)", job.owner,
               job.group, job.created_at);
  Query row =
      database.query("SELECT id FROM groups WHERE owner = ? AND name = ?", job.owner, job.group);
  row.next();
  group.id = row.number(0);
  return group;
}

std::optional<std::int64_t> Groups::id_of(Database& database, const job::Job& job) {
  if (job.group.empty()) return std::nullopt;
  return open(database, job).id;
}

void Groups::add(Database& database, const job::Job& job) {
  if (job.group.empty()) return;
  ++count_of(open(database, job).change, job.status);
}

void Groups::subtract(Database& database, const job::Job& job) {
  if (job.group.empty()) return;
  --count_of(open(database, job).change, job.status);
}

void Groups::write(Database& database) {
  for (auto& [key, group] : open_) {
    const Counts& by = group.change;
    database.run(
        "UPDATE groups SET held = held + ?, pending = pending + ?, processing = processing + ?, "
        "completed = completed + ?, failed = failed + ?, cancelled = cancelled + ? WHERE id = ?",
        by.held, by.pending, by.processing, by.completed, by.failed, by.cancelled, group.id);
    database.run(
        "DELETE FROM groups WHERE id = ? AND held + pending + processing + completed + failed + "
        "cancelled = 0",
        group.id);
  }
  open_.clear();
}

}  // namespace llmspool::store::sqlite
