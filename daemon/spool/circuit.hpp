// SPDX-License-Identifier: MIT
// The circuit breaker of a backend: after some failures in a row no job is given to it for a while,
// then one to try it. So a backend that is broken does not use up the attempts of a whole queue. Of
// the loop alone.
#pragma once

#include <string_view>

#include "base/clock.hpp"

namespace llmspool::spool {

class Circuit {
 public:
  enum class State { closed, open, half_open };

  // Opens after so many `failures` in a row (0: never), for `rest` at first and for twice as long
  // each time that the trial fails, up to limits::kCircuitRestMax.
  Circuit(int failures, Milliseconds rest) : threshold_(failures), first_rest_(rest), rest_(rest) {}

  State state(Milliseconds now) const;
  // How many jobs may begin now, if so many `trials` of a half open one are under way and there is
  // room for `room`.
  int admits(Milliseconds now, int trials, int room) const;
  // Until it is tried again.
  Milliseconds wait(Milliseconds now) const {
    return open_ ? std::max(until_ - now, Milliseconds(0)) : Milliseconds(0);
  }

  void succeeded();
  // Whether the circuit has opened by this. While it is half open only a trial's failure counts,
  // not that of a job that had begun before.
  bool failed(Milliseconds now, bool trial);

 private:
  const int threshold_;
  const Milliseconds first_rest_;
  int in_a_row_ = 0;
  bool open_ = false;  // or half open, once `until_` has passed
  Milliseconds until_{0}, rest_;
};

std::string_view to_string(Circuit::State state);

}  // namespace llmspool::spool
