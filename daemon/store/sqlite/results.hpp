// SPDX-License-Identifier: MIT
// What the finished steps of a job leave behind: checkpoints and files.
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// A step or file of the same name is replaced.
void keep_results(Database& database, job::JobId id, const job::FinishStep& finish);
void drop_results(Database& database, job::JobId id);
std::vector<job::StepResult> steps_of(Database& database, job::JobId id);  // in order

std::vector<FileInfo> files_of(Database& database, job::JobId id);
std::optional<job::File> find_file(Database& database, job::JobId id, const std::string& name);

}  // namespace llmspool::store::sqlite
