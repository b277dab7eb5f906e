// SPDX-License-Identifier: MIT
// Small helpers of changes that concern one or several jobs.
#pragma once

#include <array>
#include <vector>

#include "job/transition.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// How many jobs one change of several may touch, so that no commit grows without bound.
inline constexpr std::size_t kBatch = 500;

// For what will be made of the jobs `ids`, the next kBatch at most beyond `last`.
inline Batch batch_of(const std::vector<job::JobId>& ids, job::JobId last) {
  return {.applied = {}, .more = ids.size() == kBatch, .last = ids.empty() ? last : ids.back()};
}

inline std::vector<job::JobId> ids_of(Query rows) {
  std::vector<job::JobId> ids;
  while (rows.next()) ids.push_back(rows.number(0));
  return ids;
}

inline std::array<job::Command, 1> one(job::Command command) {
  return {std::move(command)};
}

}  // namespace llmspool::store::sqlite
