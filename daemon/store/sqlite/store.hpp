// SPDX-License-Identifier: MIT
// The store of a single machine: one SQLite file in the state directory.
#pragma once

#include <filesystem>
#include <memory>

#include "store/sqlite/space.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

struct Options {
  std::filesystem::path directory;
  std::size_t waiting_max = 1'000'000;        // held and pending jobs; a submit beyond is refused
  std::size_t owner_waiting_max = 1'000'000;  // the same for each owner
  SpaceLimits space{};                        // a submit beyond them is refused
  job::TurnRules turns{};
  const Clock& clock;  // outlives the store
};

// Opens the store, making the directory and the file if need be. Its end waits until every change
// that was asked for has been answered.
Result<std::unique_ptr<Store>> open(const Options& options);

}  // namespace llmspool::store::sqlite
