// SPDX-License-Identifier: MIT
// Lists of jobs: from the options of `llmspool list` to GET /api/jobs, and from there to a table.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "json.hpp"
#include "table.hpp"

namespace llmspool::cli {

struct ListOptions {
  std::vector<std::string> statuses, labels;
  std::optional<std::string> pipeline, backend, model, owner, group;
  std::optional<std::int64_t> limit;
  bool all = false;
};
void add_list_options(CLI::App& command, ListOptions& options);

// "/api/jobs?status=failed&limit=20"; throws Failure for a label that is none.
std::string list_target(const ListOptions& options, const std::string& cursor);

// {"jobs", "next_cursor"} of as many pages as it takes: those with long texts are shorter.
json::object read_jobs(ListOptions options,
                       const std::function<json::object(const std::string& target)>& get);

// One that waits shows its place in the queue, "#3", where others show how far they are.
Table job_table(const json::array& jobs);

// All fields that have a value, one a line, a failed attempt a line too, then the job's text, or
// that it has been removed.
std::string job_details(const json::object& job);

// The fields that have a value, one a line.
std::string field_lines(const json::object& object);

}  // namespace llmspool::cli
