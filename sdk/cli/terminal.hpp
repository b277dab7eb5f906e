// SPDX-License-Identifier: MIT
// What the terminal behind an output can do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace llmspool::cli {

enum class Colour { none, red, green, yellow, cyan, dim, reversed };

struct Terminal {
  bool present = false;      // a terminal at all
  bool interactive = false;  // one that can move its cursor
  bool colour = false;       // not where NO_COLOR is set
  bool unicode = false;      // in a UTF-8 locale: block characters, else plain ASCII
  std::size_t width = 80;
  std::size_t height = 24;

  static Terminal of(int descriptor);

  std::string painted(std::string_view text, Colour colour) const;
  // "████░░░░"
  std::string bar(std::int64_t percent, std::size_t columns) const;
  std::string_view ellipsis() const { return unicode ? "…" : "..."; }
};

// The colour in which a job's status is shown.
Colour status_colour(std::string_view status);

}  // namespace llmspool::cli
