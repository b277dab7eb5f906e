// SPDX-License-Identifier: MIT
// A whole terminal, taken over for a while.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace llmspool::cli {

// While it lives, the terminal shows its lines in place of what was there, and keys come as they
// are pressed. The terminal is given back at its end, and before a signal ends or stops the tool.
// One at a time.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // As many lines as the terminal has.
  void draw(const std::vector<std::string>& lines);

  // What is typed within `limit`; returns early, with nothing in it, where the window has changed.
  // Nothing at all once the terminal is gone.
  std::optional<std::string> read(std::chrono::milliseconds limit);
};

}  // namespace llmspool::cli
