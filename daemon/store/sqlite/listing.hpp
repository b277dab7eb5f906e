// SPDX-License-Identifier: MIT
// Finds the jobs that match a filter, newest first, without looking at those that do not wherever
// an index knows them.
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

std::vector<job::Job> list_jobs(Database& database, const Filter& filter);

}  // namespace llmspool::store::sqlite
