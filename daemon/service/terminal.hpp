// SPDX-License-Identifier: MIT
// The log for people who look at a terminal, or at a file it was redirected to.
#pragma once

#include <functional>
#include <string>

#include "base/log.hpp"

namespace llmspool::service {

// "message  JOB_ID=42 STEP=\"cover letter\"" on one line, whatever is in it.
std::string terminal_line(const log::Record& record);

// Writes "12:00:00.123 info  message  JOB_ID=42" to standard error, in colour on a terminal.
std::function<void(const log::Record&)> terminal_sink();

}  // namespace llmspool::service
