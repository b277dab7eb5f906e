// SPDX-License-Identifier: MIT
// Watching a job to its end.
#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"

namespace llmspool::cli {

// Shows the job's events after number `after` until it has ended; how it ended is the exit code.
// Goes on where it was when the connection drops, and ends where standard output can no longer be
// written. Ctrl-C ends the tool, never the job.
ExitCode watch(const Context& context, const std::string& job_id, std::uint64_t after);

// The text of a prompt job that has ended, if it has one, to standard output.
void print_output(const Context& context, const json::object& job);

}  // namespace llmspool::cli
