// SPDX-License-Identifier: MIT
#include "base/log.hpp"

#include <atomic>

namespace llmspool::log {
namespace {

struct Target {
  std::function<void(const Record&)> sink;
  std::atomic<Level> level = Level::error;
};

Target& target() {
  static Target instance;
  return instance;
}

}  // namespace

void set_sink(std::function<void(const Record&)> sink, Level level) {
  target().sink = std::move(sink);
  target().level = level;
}

void set_level(Level level) {
  target().level = level;
}

bool enabled(Level level) {
  return target().sink && level <= target().level;
}

void write(Level level, std::string_view message, const Fields& fields) {
  if (enabled(level)) target().sink({level, message, fields});
}

}  // namespace llmspool::log
