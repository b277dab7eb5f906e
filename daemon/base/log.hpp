// SPDX-License-Identifier: MIT
// Structured log lines: a message for a person and fields for programs. Any thread. Prompts,
// answers and secrets are never logged.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmspool::log {

enum class Level { error = 3, warning = 4, info = 6, debug = 7 };  // syslog's priorities

// Field names are A-Z, 0-9 and _, as journald wants them; the sink adds LLMSPOOL_ in front of all
// but MESSAGE_ID.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

struct Record {
  Level level;
  std::string_view message;
  const Fields& fields;
};

// Replaces where lines go (by default: nowhere) and up to which level. Call before threads start.
void set_sink(std::function<void(const Record&)> sink, Level level);
void set_level(Level level);  // any thread, any time
bool enabled(Level level);
void write(Level level, std::string_view message, const Fields& fields = {});

inline void error(std::string_view message, const Fields& fields = {}) {
  write(Level::error, message, fields);
}
inline void warning(std::string_view message, const Fields& fields = {}) {
  write(Level::warning, message, fields);
}
inline void info(std::string_view message, const Fields& fields = {}) {
  write(Level::info, message, fields);
}
inline void debug(std::string_view message, const Fields& fields = {}) {
  write(Level::debug, message, fields);
}

}  // namespace llmspool::log
