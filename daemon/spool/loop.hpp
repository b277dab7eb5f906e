// SPDX-License-Identifier: MIT
// Where the spool's own code runs: one call at a time, in order. A simulation puts a virtual clock
// behind it.
#pragma once

#include <functional>

#include "base/clock.hpp"

namespace llmspool::spool {

class Loop {
 public:
  virtual ~Loop() = default;
  // Since some moment in the past; never goes back, however the wall clock is set. Any thread.
  virtual Milliseconds uptime() const = 0;
  virtual void post(std::function<void()> work) = 0;                       // any thread
  virtual void after(Milliseconds delay, std::function<void()> work) = 0;  // any thread
};

// Threads for calls that block: a plugin's work, the store's reads.
class Workers {
 public:
  virtual ~Workers() = default;
  virtual void run(std::function<void()> work) = 0;  // any thread; starts at once
};

}  // namespace llmspool::spool
