// SPDX-License-Identifier: MIT
#include "store/sqlite/results.hpp"

#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {

using job::JobId;

void keep_step(Database& database, JobId id, const job::StepResult& result) {
  database.run(
      "INSERT OR REPLACE INTO steps(job_id, step, skipped, prompt_tokens, completion_tokens, "
      "report, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id, result.step, result.skipped, result.usage.prompt_tokens, result.usage.completion_tokens,
      boost::json::serialize(result.report), result.text);
}

void keep_files(Database& database, JobId id, const std::vector<job::File>& files) {
  for (const job::File& file : files) {
    database.run(
        "INSERT OR REPLACE INTO files(job_id, name, role, media_type, content) "
        "VALUES (?, ?, ?, ?, ?)",
        id, file.name, file.role, file.media_type, Bytes{file.content});
  }
}

void drop_steps(Database& database, JobId id) {
  database.run("DELETE FROM steps WHERE job_id = ?", id);
}

void drop_files(Database& database, JobId id) {
  database.run("DELETE FROM files WHERE job_id = ?", id);
}

std::vector<job::StepResult> steps_of(Database& database, JobId id) {
  std::vector<job::StepResult> steps;
  Query row = database.query(
      "SELECT step, skipped, prompt_tokens, completion_tokens, report, text FROM steps "
      "WHERE job_id = ? ORDER BY id",
      id);
  while (row.next()) {
    steps.push_back({.step = std::string(row.text(0)),
                     .skipped = row.number(1) != 0,
                     .text = std::string(row.text(5)),
                     .report = read_object(database, row.text(4)),
                     .usage = {row.number(2), row.number(3)}});
  }
  return steps;
}

std::vector<FileInfo> files_of(Database& database, JobId id) {
  std::vector<FileInfo> files;
  Query row = database.query(
      "SELECT name, role, media_type, length(content) FROM files WHERE job_id = ? ORDER BY id", id);
  while (row.next()) {
    files.push_back({std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                     row.number(3)});
  }
  return files;
}

std::optional<job::File> find_file(Database& database, JobId id, const std::string& name) {
  Query row = database.query(
      "SELECT name, role, media_type, content FROM files WHERE job_id = ? AND name = ?", id, name);
  if (!row.next()) return std::nullopt;
  return job::File{std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3))};
}

}  // namespace llmspool::store::sqlite
