// SPDX-License-Identifier: MIT
// Time as the daemon sees it: wall-clock instants in milliseconds, from a clock that tests replace.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace llmspool {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;  // any thread
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

// RFC 3339 in UTC with milliseconds: 2026-11-24T12:00:00.000Z
std::string format_time(Time time);
// Reads RFC 3339 with any offset and up to nanoseconds; nothing for anything else.
std::optional<Time> parse_time(std::string_view text);

}  // namespace llmspool
