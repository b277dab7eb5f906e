// SPDX-License-Identifier: MIT
// What the finished steps of a job leave behind: checkpoints and files.
#pragma once

#include <vector>

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// A step or file of the same name is replaced.
void keep_step(Database& database, job::JobId id, const job::StepResult& result);
void keep_files(Database& database, job::JobId id, const std::vector<job::File>& files);
void drop_steps(Database& database, job::JobId id);
void drop_files(Database& database, job::JobId id);
std::vector<job::StepResult> steps_of(Database& database, job::JobId id);  // in order

std::vector<FileInfo> files_of(Database& database, job::JobId id);
std::optional<job::File> find_file(Database& database, job::JobId id, const std::string& name);

}  // namespace llmspool::store::sqlite
