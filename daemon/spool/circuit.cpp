// SPDX-License-Identifier: MIT
#include "spool/circuit.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace llmspool::spool {

Circuit::State Circuit::state(Milliseconds now) const {
  if (!open_) return State::closed;
  return now < until_ ? State::open : State::half_open;
}

int Circuit::admits(Milliseconds now, int trials, int room) const {
  switch (state(now)) {
    case State::closed:
      return room;
    case State::half_open:
      return trials == 0 ? std::min(room, 1) : 0;
    case State::open:
      break;
  }
  return 0;
}

void Circuit::succeeded() {
  in_a_row_ = 0;
  open_ = false;
  rest_ = first_rest_;
}

bool Circuit::failed(Milliseconds now, bool trial) {
  if (threshold_ == 0) return false;
  ++in_a_row_;
  const bool tried = trial && state(now) == State::half_open;
  if (!tried && (open_ || in_a_row_ < threshold_)) return false;
  if (tried) rest_ = std::min<Milliseconds>(2 * rest_, limits::kCircuitRestMax);
  open_ = true;
  until_ = now + rest_;
  return true;
}

std::string_view to_string(Circuit::State state) {
  switch (state) {
    case Circuit::State::closed:
      return "closed";
    case Circuit::State::open:
      return "open";
    case Circuit::State::half_open:
      break;
  }
  return "half_open";
}

}  // namespace llmspool::spool
