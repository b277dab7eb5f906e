// SPDX-License-Identifier: MIT
// At most so much within any minute, as a provider counts it. Of the loop alone.
#pragma once

#include <algorithm>
#include <deque>

#include "base/clock.hpp"

namespace llmspool::spool {

class RateLimit {
 public:
  explicit RateLimit(std::int64_t per_minute) : per_minute_(per_minute) {}  // 0: no limit

  // What has been used at `now`, which never goes back; may be more than was left.
  void charge(Milliseconds now, std::int64_t amount);
  void charge_all(Milliseconds now) { charge(now, per_minute_); }
  std::int64_t left(Milliseconds now);  // at least 0
  // How long until some is left again; zero: there is now.
  Milliseconds wait(Milliseconds now);

 private:
  struct Charge {
    Milliseconds at;
    std::int64_t amount;
  };

  void forget_old(Milliseconds now);

  const std::int64_t per_minute_;
  std::deque<Charge> charges_;  // of the last minute
  std::int64_t sum_ = 0;
};

// A backend's two limits together.
struct Pace {
  RateLimit requests, tokens;
  Milliseconds wait(Milliseconds now) { return std::max(requests.wait(now), tokens.wait(now)); }
  void charge_all(Milliseconds now) {
    requests.charge_all(now);
    tokens.charge_all(now);
  }
};

}  // namespace llmspool::spool
