// SPDX-License-Identifier: MIT
// Groups of jobs in words and tables.
#pragma once

#include <string>

#include "exit_code.hpp"
#include "json.hpp"
#include "table.hpp"

namespace llmspool::cli {

// "8 running, 42 waiting, 40 completed, 1 failed; about 2 min 0 s"
std::string describe_group_jobs(const json::object& group);

// "Group spring is at 42%: 8 running, ..."
std::string describe_group(const json::object& group);

Table group_table(const json::array& groups);

// The exit code of a tool that waited for the group: its worst job's.
ExitCode exit_code_of_group(const json::object& group);

}  // namespace llmspool::cli
