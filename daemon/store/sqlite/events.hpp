// SPDX-License-Identifier: MIT
// The log of each job.
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

void write_events(Database& database, const std::vector<job::Event>& events);
std::vector<job::Event> events_of(Database& database, job::JobId id, job::Seq after,
                                  std::size_t limit);

}  // namespace llmspool::store::sqlite
