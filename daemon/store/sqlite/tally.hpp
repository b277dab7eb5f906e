// SPDX-License-Identifier: MIT
// How many jobs there are in each state, kept up to date with every change: counting a million rows
// would take a second.
#pragma once

#include <array>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

class Tally {
 public:
  void read(Database& database);
  void write(Database& database);  // what has changed since the last read or write

  void add(job::Status status) { ++now_[index(status)]; }
  void subtract(job::Status status) { --now_[index(status)]; }
  std::int64_t of(job::Status status) const { return now_[index(status)]; }
  Counts counts() const;

 private:
  static constexpr std::size_t index(job::Status status) {
    return static_cast<std::size_t>(status);
  }

  std::array<std::int64_t, 6> now_{}, written_{};
};

}  // namespace llmspool::store::sqlite
