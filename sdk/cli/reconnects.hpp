// SPDX-License-Identifier: MIT
// Coming back after a connection has been lost.
#pragma once

#include <functional>
#include <string>

namespace llmspool::cli {

// Tells the person, through `notice`, what goes on.
class Reconnects {
 public:
  explicit Reconnects(std::function<void(const std::string& sentence)> notice)
      : notice_(std::move(notice)) {}

  // Waits before the next attempt, longer each time. After about three minutes without success,
  // longer than a restart of the daemon takes, it throws Failure instead: why, and what to do then.
  void pause(const std::string& why, const std::string& advice);
  // There is a connection again.
  void connected();
  // There is news through it: what was lost before counts no more.
  void reset() { losses_ = 0; }

 private:
  std::function<void(const std::string& sentence)> notice_;
  int losses_ = 0;  // in a row, without news
};

}  // namespace llmspool::cli
