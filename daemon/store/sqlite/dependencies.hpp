// SPDX-License-Identifier: MIT
// Which jobs wait for which: `after` of a job as rows that are open until the other job has ended.
#pragma once

#include <deque>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// How the jobs stand that a job is to follow.
struct Predecessors {
  std::vector<job::JobId> open;          // have not ended yet
  std::optional<job::Abandon> hopeless;  // one that has ended without completing
};
// Code::invalid for the field `after` if one does not exist or is another owner's.
Result<Predecessors> find_predecessors(Database& database, const job::Job& job);
// The same for a job that was accepted before: one that has been removed since is no obstacle.
Predecessors find_remaining_predecessors(Database& database, const job::Job& job);

void open_dependencies(Database& database, job::JobId id, const std::vector<job::JobId>& after);
bool has_open_dependency(Database& database, const job::Job& job);
bool has_followers(Database& database, job::JobId id);
// Ends the waiting for `id`, which has ended, of `limit` jobs at most, and gives them, oldest
// first.
std::vector<job::JobId> take_followers(Database& database, job::JobId id, std::size_t limit);

// Ends that some followers have not been told of yet.
void tell_later(Database& database, const job::Abandon& end);
std::deque<job::Abandon> take_untold_ends(Database& database, std::size_t limit);
bool has_untold_end(Database& database, job::JobId id);

}  // namespace llmspool::store::sqlite
