// SPDX-License-Identifier: MIT
// Whether there is room for another job: bounds on the size of the store and on what must stay free
// on its disk. Looked at before anything is written.
#pragma once

#include <filesystem>
#include <functional>

#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {

struct SpaceLimits {
  std::int64_t bytes_max = 0;       // of the database, without what is free in it; 0: no bound
  std::int64_t free_bytes_min = 0;  // on its disk; 0: no bound
};

// What the database's content takes.
std::int64_t bytes_used(Database& database);
// What a user without special rights may still write to the disk of a file.
std::int64_t bytes_free(const std::filesystem::path& file);

class Space {
 public:
  using BytesFree = std::function<std::int64_t(const std::filesystem::path& file)>;

  explicit Space(SpaceLimits limits, BytesFree free = bytes_free)
      : limits_(limits), bytes_free_(std::move(free)) {}

  // Code::no_space, with how to mend it, unless `more` bytes fit.
  Result<void> check(Database& database, std::int64_t more);
  // The next check looks anew. Called for every transaction: within one, a look is enough.
  void forget() { looked_ = false; }

 private:
  const SpaceLimits limits_;
  const BytesFree bytes_free_;
  bool looked_ = false;
  std::int64_t used_ = 0, free_ = 0, taken_ = 0;
};

}  // namespace llmspool::store::sqlite
