// SPDX-License-Identifier: MIT
#include "store/sqlite/readers.hpp"

namespace llmspool::store::sqlite {
namespace {

constexpr std::size_t kReadersMax = 3;

std::unique_ptr<Database> open_for_reading(const std::filesystem::path& file) {
  auto database = std::make_unique<Database>(file);
  database->run_once("PRAGMA query_only = ON");
  database->run_once("PRAGMA cache_size = -256");  // KiB; the kernel caches the file anyway
  database->run_once("PRAGMA temp_store = MEMORY");
  return database;
}

}  // namespace

std::unique_ptr<Database> Readers::borrow() {
  {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [this] { return !free_.empty() || open_ < kReadersMax; });
    if (!free_.empty()) {
      auto database = std::move(free_.back());
      free_.pop_back();
      return database;
    }
    ++open_;
  }
  try {
    return open_for_reading(file_);
  } catch (const DatabaseError&) {
    {
      const std::lock_guard lock(mutex_);
      --open_;
    }
    given_back_.notify_one();
    throw;
  }
}

void Readers::give_back(std::unique_ptr<Database> database) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(database));
  }
  given_back_.notify_one();
}

}  // namespace llmspool::store::sqlite
