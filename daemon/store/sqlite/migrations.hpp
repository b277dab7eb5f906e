// SPDX-License-Identifier: MIT
// The shape of the database and how each version of it becomes the next.
#pragma once

#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {

// Brings the file, empty or written by an earlier version, to this version; refuses one that a
// later version has written. Throws DatabaseError.
void migrate(Database& database);

}  // namespace llmspool::store::sqlite
