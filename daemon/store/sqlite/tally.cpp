// SPDX-License-Identifier: MIT
#include "store/sqlite/tally.hpp"

#include <array>
#include <utility>

namespace llmspool::store::sqlite {
namespace {

using job::Status;

constexpr std::array kStatuses{Status::held,      Status::pending, Status::processing,
                               Status::completed, Status::failed,  Status::cancelled};

}  // namespace

std::int64_t& count_of(Counts& counts, Status status) {
  switch (status) {
    case Status::held:
      return counts.held;
    case Status::pending:
      return counts.pending;
    case Status::processing:
      return counts.processing;
    case Status::completed:
      return counts.completed;
    case Status::failed:
      return counts.failed;
    case Status::cancelled:
      return counts.cancelled;
  }
  std::unreachable();
}

std::optional<std::int64_t> read_number(Database& database, std::string_view name) {
  Query row = database.query("SELECT value FROM numbers WHERE name = ?", name);
  if (!row.next()) return std::nullopt;
  return row.number(0);
}

void write_number(Database& database, std::string_view name, std::int64_t value) {
  database.run("INSERT OR REPLACE INTO numbers(name, value) VALUES (?, ?)", name, value);
}

void Tally::read(Database& database) {
  for (const Status status : kStatuses)
    count_of(now_, status) = read_number(database, job::to_string(status)).value_or(0);
  written_ = now_;
}

void Tally::write(Database& database) {
  for (const Status status : kStatuses) {
    if (count_of(now_, status) != count_of(written_, status))
      write_number(database, job::to_string(status), count_of(now_, status));
  }
  written_ = now_;
}

}  // namespace llmspool::store::sqlite
