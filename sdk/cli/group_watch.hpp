// SPDX-License-Identifier: MIT
// Watching a group until all its jobs have ended.
#pragma once

#include <chrono>
#include <string>

#include "command.hpp"

namespace llmspool::cli {

// Looks at GET `target`, a group's address, every `interval`, and shows a bar on a terminal, else a
// line whenever the group has come further. How its jobs ended is the exit code. Goes on when the
// daemon is away for a while, and ends where standard output can no longer be written.
ExitCode watch_group(const Context& context, const std::string& name, const std::string& target,
                     std::chrono::milliseconds interval);

}  // namespace llmspool::cli
