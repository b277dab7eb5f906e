// SPDX-License-Identifier: MIT
// How many generations one backend runs at once; who comes later waits its turn. Of the loop alone.
#pragma once

#include <deque>
#include <functional>

namespace llmspool::spool {

class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  // Calls `start` as soon as a slot is free, at once if one is; release() gives the slot back.
  void acquire(std::function<void()> start) {
    if (free_ == 0) return waiting_.push_back(std::move(start));
    --free_;
    start();
  }
  void release() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }

 private:
  int free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace llmspool::spool
