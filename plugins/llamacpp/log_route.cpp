// SPDX-License-Identifier: MIT
#include "log_route.hpp"

#include <llama-common/log.h>
#include <llama.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace llmspool::llamacpp {

namespace {

std::mutex mutex;                 // guards all below
std::vector<const Host*> routes;  // the newest is last
std::string line;                 // begun but not ended yet
ggml_log_level line_level;        // of `line`
std::string last_error_line;

thread_local bool quiet = false;
thread_local std::string first_error_line;

Level level_of(ggml_log_level level) {
  if (quiet) return Level::debug;
  if (level == GGML_LOG_LEVEL_ERROR) return Level::error;
  return level == GGML_LOG_LEVEL_WARN ? Level::warning : Level::debug;
}

// llama.cpp writes a line in one piece or in several, the later of which continue the first.
void write(ggml_log_level level, const char* text, void*) {
  const std::lock_guard lock(mutex);
  if (level != GGML_LOG_LEVEL_CONT) line_level = level;
  line += text;
  if (!line.ends_with('\n')) return;
  line.pop_back();
  if (line_level == GGML_LOG_LEVEL_ERROR) {
    last_error_line = line;
    if (first_error_line.empty()) first_error_line = line;
  }
  if (!routes.empty() && !line.empty()) routes.back()->log(level_of(line_level), line);
  line.clear();
}

}  // namespace

LogRoute::LogRoute(Host host) : host_(host) {
  const std::lock_guard lock(mutex);
  routes.push_back(&host_);
  llama_log_set(&write, nullptr);
  // The helper library has a log of its own, which can only write to the standard streams.
  common_log_set_verbosity_thold(-1);
}

LogRoute::~LogRoute() {
  const std::lock_guard lock(mutex);
  std::erase(routes, &host_);
}

void LogRoute::quieten_this_thread() {
  quiet = true;
}

std::string LogRoute::last_error() {
  const std::lock_guard lock(mutex);
  return last_error_line;
}

std::string LogRoute::first_error() {
  return first_error_line;
}

void LogRoute::forget_errors() {
  first_error_line.clear();
}

}  // namespace llmspool::llamacpp
