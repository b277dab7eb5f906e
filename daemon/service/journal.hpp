// SPDX-License-Identifier: MIT
// Where the daemon's log goes: to the journal with its fields, or to the terminal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/config.hpp"

namespace llmspool::service {

// Sends the log where the configuration says. Call before threads start.
void install_log(const config::Config::Log& log);
// Takes over the configured level alone; any thread, any time.
void set_log_level(const config::Config::Log& log);

// A line as the journal takes it: "PRIORITY=6", "MESSAGE=...", "LLMSPOOL_JOB_ID=42", ...
std::vector<std::string> journal_fields(const log::Record& record);
std::function<void(const log::Record&)> journal_sink();

// Whether `fd` is what systemd connected to the journal and named in $JOURNAL_STREAM: a redirected
// standard error is none, although the variable is still there.
bool is_journal_stream(const std::string& journal_stream, int fd);

}  // namespace llmspool::service
