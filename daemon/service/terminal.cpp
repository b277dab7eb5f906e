// SPDX-License-Identifier: MIT
#include "service/terminal.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>

#include "base/text.hpp"

namespace llmspool::service {
namespace {

spdlog::level::level_enum level_of(log::Level level) {
  switch (level) {
    case log::Level::error:
      return spdlog::level::err;
    case log::Level::warning:
      return spdlog::level::warn;
    case log::Level::info:
      return spdlog::level::info;
    case log::Level::debug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

// A value that could be mistaken for the next field is put in quotes.
std::string quoted_where_needed(std::string_view value) {
  std::string text = escaped_controls(value);
  if (!text.empty() && text.find_first_of(" \"=") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string terminal_line(const log::Record& record) {
  std::string line = escaped_controls(record.message);
  const char* gap = "  ";
  for (const auto& [name, value] : record.fields) {
    if (name == "MESSAGE_ID") continue;  // for programs that read the journal
    line.append(gap).append(name).append("=").append(quoted_where_needed(value));
    gap = " ";
  }
  return line;
}

std::function<void(const log::Record&)> terminal_sink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("llmspoold", std::move(sink));
  logger->set_level(spdlog::level::trace);  // what is enabled has been decided before
  logger->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
  return [logger = std::move(logger)](const log::Record& record) {
    logger->log(level_of(record.level), terminal_line(record));
  };
}

}  // namespace llmspool::service
