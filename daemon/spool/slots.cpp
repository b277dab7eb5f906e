// SPDX-License-Identifier: MIT
#include "spool/slots.hpp"

#include <algorithm>

namespace llmspool::spool {

void Slots::acquire(const void* who, std::function<void()> start) {
  waiting_.push_back({who, std::move(start)});
  serve();
}

bool Slots::withdraw(const void* who) {
  return std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.who == who; }) > 0;
}

void Slots::release() {
  ++free_;
  serve();
}

void Slots::serve() {
  while (free_ > 0 && !waiting_.empty() && !timed_) {
    const Milliseconds now = loop_.uptime();
    if (const Milliseconds wait = pace_.wait(now); wait > Milliseconds(0)) {
      timed_ = true;
      loop_.after(wait, [this] {
        timed_ = false;
        serve();
      });
      return;
    }
    pace_.requests.charge(now, 1);
    --free_;
    const auto next = std::move(waiting_.front().start);
    waiting_.pop_front();
    next();
  }
}

}  // namespace llmspool::spool
