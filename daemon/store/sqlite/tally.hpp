// SPDX-License-Identifier: MIT
// How many jobs there are in each state, kept up to date with every change: counting a million rows
// would take a second.
#pragma once

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

std::int64_t& count_of(Counts& counts, job::Status status);

// A number that the database remembers under a name.
std::optional<std::int64_t> read_number(Database& database, std::string_view name);
void write_number(Database& database, std::string_view name, std::int64_t value);

class Tally {
 public:
  void read(Database& database);
  void write(Database& database);  // what has changed since the last read or write

  void add(job::Status status) { ++count_of(now_, status); }
  void subtract(job::Status status) { --count_of(now_, status); }
  const Counts& counts() const { return now_; }

 private:
  Counts now_{}, written_{};
};

}  // namespace llmspool::store::sqlite
