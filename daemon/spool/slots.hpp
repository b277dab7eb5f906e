// SPDX-License-Identifier: MIT
// How many generations one backend runs at once and how many in a minute; who comes later waits.
// Of the loop alone.
#pragma once

#include <deque>
#include <functional>

#include "spool/loop.hpp"
#include "spool/rate_limit.hpp"

namespace llmspool::spool {

class Slots {
 public:
  // Both outlive it; so do the functions that wait.
  Slots(int count, Pace& pace, Loop& loop) : pace_(pace), loop_(loop), free_(count) {}

  // Calls `start` as soon as a slot is free, at once if one is; release() gives the slot back.
  // `who` can withdraw until then.
  void acquire(const void* who, std::function<void()> start);
  bool withdraw(const void* who);  // whether it was still waiting
  void release();

 private:
  struct Waiting {
    const void* who;
    std::function<void()> start;
  };

  void serve();

  Pace& pace_;
  Loop& loop_;
  int free_;
  bool timed_ = false;
  std::deque<Waiting> waiting_;
};

}  // namespace llmspool::spool
