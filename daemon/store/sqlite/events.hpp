// SPDX-License-Identifier: MIT
// The log of each job. The events of one commit are one row; that a job was created is not written,
// for it is always the first event and the job says when it was.
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// Of one job, numbered without a gap.
void write_events(Database& database, const std::vector<job::Event>& events);
std::vector<job::Event> events_of(Database& database, const job::Job& job, job::Seq after,
                                  std::size_t limit);
// Empties the texts of a job's events; their numbers and all others stay.
void remove_texts(Database& database, job::JobId id);

}  // namespace llmspool::store::sqlite
