// SPDX-License-Identifier: MIT
// Small questions about text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmspool {

// Where the first byte stands that is no part of valid UTF-8; nothing if all is.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);
// The text with each such byte replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);
// Whether there are any below U+0020, or U+007F.
bool has_control_characters(std::string_view text);
// On one line and without power over a terminal: valid UTF-8, control characters as \n, \x1b, ...
std::string escaped_controls(std::string_view text);
// How many bytes at the end are the beginning of a character whose rest is missing: 0 to 3.
std::size_t incomplete_utf8_tail(std::string_view text);
// True if `name` can name a pipeline, backend, step or input: [a-z][a-z0-9_-]*, up to 64.
bool is_name(std::string_view name);

}  // namespace llmspool
