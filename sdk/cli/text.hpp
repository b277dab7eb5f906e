// SPDX-License-Identifier: MIT
// Text as terminals and URLs want it: made harmless, measured, clipped, encoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmspool::cli {

// Where the first byte is that is no UTF-8, or a zero, which no text has.
std::optional<std::size_t> first_bad_byte(std::string_view text);

// The text with nothing in it that a terminal obeys: control characters other than \n and \t, marks
// that reorder text and bytes that are no UTF-8 become visible as \x1B or \u202E; \r is dropped.
std::string harmless(std::string_view text);

// The same on one line, for sentences: \n and \t become spaces.
std::string one_line(std::string_view text);

// The same on one line, for names, which differ by every character: \n, \r and \t become visible
// too.
std::string escaped(std::string_view text);

// The same JSON with nothing in it that a terminal obeys: on one line, such a character can only
// stand in a string, where an escape means the same.
std::string harmless_json(std::string_view line);

// How many columns of a terminal harmless text takes.
std::size_t columns(std::string_view text);

// The text cut to so many columns, with `ellipsis` at the end of what was cut.
std::string clipped(std::string_view text, std::size_t columns_max, std::string_view ellipsis);

// The end of the text that fits into so many columns.
std::string_view tail(std::string_view text, std::size_t columns_max);

// A path segment or a value of a query.
std::string percent_encoded(std::string_view text);

// "512 B", "1.2 kB", "3.4 MB".
std::string human_size(std::uint64_t bytes);

// "40 s", "3 min 20 s", "3 h 12 min", "2 d 5 h".
std::string human_duration(std::int64_t seconds);

// "2026-11-24T10:12:13.123Z" as "2026-11-24 10:12:13".
std::string short_time(std::string time);

}  // namespace llmspool::cli
