// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <cstdio>

namespace llmspool {
namespace {

// Reads exactly `digits` digits at `at` and moves on; -1 if they are not there.
int take_number(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t end = at + digits; at < end; ++at) {
    if (text[at] < '0' || text[at] > '9') return -1;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

bool take(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string format_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[40];
  const int size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

std::optional<Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  const int year_number = take_number(text, at, 4);
  if (year_number < 0 || !take(text, at, "-")) return std::nullopt;
  const int month_number = take_number(text, at, 2);
  if (month_number < 0 || !take(text, at, "-")) return std::nullopt;
  const int day_number = take_number(text, at, 2);
  if (day_number < 0 || !take(text, at, "Tt ")) return std::nullopt;
  const int hour = take_number(text, at, 2);
  if (hour < 0 || hour > 23 || !take(text, at, ":")) return std::nullopt;
  const int minute = take_number(text, at, 2);
  if (minute < 0 || minute > 59 || !take(text, at, ":")) return std::nullopt;
  const int second = take_number(text, at, 2);
  if (second < 0 || second > 60) return std::nullopt;

  int millis = 0;
  if (take(text, at, ".")) {
    int scale = 100;
    const std::size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      millis += (text[at] - '0') * scale;
    if (at == begin || at - begin > 9) return std::nullopt;
  }
  minutes offset{0};
  if (!take(text, at, "Zz")) {
    const bool negative = at < text.size() && text[at] == '-';
    if (!take(text, at, "+-")) return std::nullopt;
    const int offset_hour = take_number(text, at, 2);
    if (offset_hour < 0 || offset_hour > 23 || !take(text, at, ":")) return std::nullopt;
    const int offset_minute = take_number(text, at, 2);
    if (offset_minute < 0 || offset_minute > 59) return std::nullopt;
    offset = hours(offset_hour) + minutes(offset_minute);
    if (negative) offset = -offset;
  }
  const year_month_day date{year(year_number), month(static_cast<unsigned>(month_number)),
                            day(static_cast<unsigned>(day_number))};
  if (at != text.size() || !date.ok()) return std::nullopt;
  const Time time = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) +
                    milliseconds(millis) - offset;
  // The offset may have led out of the years that can be written.
  const bool has_four_digits =
      time >= sys_days(year(0) / 1 / 1) && time < sys_days(year(10'000) / 1 / 1);
  return has_four_digits ? std::optional(time) : std::nullopt;
}

}  // namespace llmspool
