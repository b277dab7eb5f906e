// SPDX-License-Identifier: MIT
#include "store/sqlite/listing.hpp"

#include <algorithm>
#include <limits>
#include <variant>

#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Status;

// A statement that is put together, with the values of its `?` in order.
class Sql {
 public:
  void add(std::string_view text) { text_ += text; }
  void add(std::string_view text, std::int64_t value) {
    add(text);
    values_.emplace_back(value);
  }
  void add(std::string_view text, const std::string& value) {
    add(text);
    values_.emplace_back(std::string_view(value));
  }
  Query begin(Database& database) const {
    Query query = database.query_once(text_);
    for (const auto& value : values_) std::visit([&](auto bound) { query.bind(bound); }, value);
    return query;
  }

 private:
  std::string text_;
  std::vector<std::variant<std::int64_t, std::string_view>> values_;
};

std::int64_t number_of(Status status) {
  return static_cast<std::int64_t>(status);
}

std::string_view order_of(const Filter& filter) {
  return filter.after ? " ORDER BY id" : " ORDER BY id DESC";
}

// What no index decides, and the end of a selection of ids.
void add_rest(Sql& sql, const Filter& filter) {
  if (filter.after) sql.add(" AND id > ?", *filter.after);
  if (filter.pipeline) sql.add(" AND pipeline = ?", *filter.pipeline);
  if (filter.backend) sql.add(" AND backend = ?", *filter.backend);
  if (filter.model) sql.add(" AND model = ?", *filter.model);
  sql.add(order_of(filter));
  sql.add(" LIMIT ?", static_cast<std::int64_t>(filter.limit));
}

void add_owner_and_statuses(Sql& sql, const Filter& filter) {
  if (filter.owner) sql.add(" AND owner = ?", *filter.owner);
  if (filter.statuses.empty()) return;
  sql.add(" AND status IN (-1");
  for (const Status status : filter.statuses) sql.add(", ?", number_of(status));
  sql.add(")");
}

void select_by_group(Sql& sql, const std::string& group, const Filter& filter) {
  sql.add("SELECT id FROM jobs INDEXED BY jobs_by_group WHERE group_id IN ");
  sql.add("(SELECT id FROM groups WHERE name = ?", group);
  if (filter.owner) sql.add(" AND owner = ?", *filter.owner);
  sql.add(")");
  if (filter.before) sql.add(" AND id < ?", *filter.before);
  for (const auto& [key, value] : filter.labels) {
    sql.add(" AND EXISTS (SELECT 1 FROM labels WHERE job_id = jobs.id AND key = ?", key);
    sql.add(" AND value = ?)", value);
  }
  add_owner_and_statuses(sql, filter);
  add_rest(sql, filter);
}

// A label names few jobs: begin with those of the first.
void select_by_label(Sql& sql, const Filter& filter) {
  sql.add("SELECT job_id AS id FROM labels CROSS JOIN jobs ON jobs.id = job_id");
  sql.add(" WHERE key = ?", filter.labels.front().first);
  sql.add(" AND value = ?", filter.labels.front().second);
  if (filter.before) sql.add(" AND job_id < ?", *filter.before);
  for (auto label = filter.labels.begin() + 1; label != filter.labels.end(); ++label) {
    sql.add(" AND EXISTS (SELECT 1 FROM labels AS other WHERE other.job_id = jobs.id");
    sql.add(" AND other.key = ?", label->first);
    sql.add(" AND other.value = ?)", label->second);
  }
  add_owner_and_statuses(sql, filter);
  add_rest(sql, filter);
}

void select_one_status(Sql& sql, const Filter& filter, std::optional<Status> status) {
  sql.add("SELECT id FROM (SELECT id FROM jobs ");
  sql.add(!status        ? "NOT INDEXED"
          : filter.owner ? "INDEXED BY jobs_by_owner"
                         : "INDEXED BY jobs_by_status");
  sql.add(" WHERE id < ?", filter.before.value_or(std::numeric_limits<job::JobId>::max()));
  if (filter.owner) sql.add(" AND owner = ?", *filter.owner);
  if (status) sql.add(" AND status = ?", number_of(*status));
  add_rest(sql, filter);
  sql.add(")");
}

// An index gives the jobs of one status in the order of their ids, so each status is a selection of
// its own: one over several would have to sort all that there are.
void select_by_status(Sql& sql, const Filter& filter) {
  std::vector<Status> statuses = filter.statuses;
  if (statuses.empty() && filter.owner) {
    statuses = {Status::held,      Status::pending, Status::processing,
                Status::completed, Status::failed,  Status::cancelled};
  }
  if (statuses.empty()) return select_one_status(sql, filter, std::nullopt);
  std::sort(statuses.begin(), statuses.end());
  statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());
  for (const Status status : statuses) {
    if (status != statuses.front()) sql.add(" UNION ALL ");
    select_one_status(sql, filter, status);
  }
  sql.add(order_of(filter));
  sql.add(" LIMIT ?", static_cast<std::int64_t>(filter.limit));
}

}  // namespace

std::vector<job::Job> list_jobs(Database& database, const Filter& filter) {
  Sql sql;
  sql.add("SELECT ");
  sql.add(kJobColumns);
  sql.add(" FROM jobs WHERE id IN (");
  if (filter.group) {
    select_by_group(sql, *filter.group, filter);
  } else if (filter.labels.empty()) {
    select_by_status(sql, filter);
  } else {
    select_by_label(sql, filter);
  }
  sql.add(")");
  sql.add(order_of(filter));
  std::vector<job::Job> jobs;
  Query row = sql.begin(database);
  for (std::size_t bytes = 0; bytes < filter.bytes_max && row.next();) {
    jobs.push_back(read_listed_job(database, row));
    bytes += row.text(kBodyColumn).size() + row.text(kOutputColumn).size();
  }
  return jobs;
}

}  // namespace llmspool::store::sqlite
