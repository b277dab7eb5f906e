// SPDX-License-Identifier: MIT
// A loop whose time passes when a test says so.
#pragma once

#include <map>

#include "spool/loop.hpp"

namespace llmspool::spool {

class ManualLoop final : public Loop {
 public:
  Milliseconds uptime() const override { return now_; }
  void post(std::function<void()> work) override { after(Milliseconds(0), std::move(work)); }
  void after(Milliseconds delay, std::function<void()> work) override {
    due_.emplace(now_ + delay, std::move(work));
  }
  void pass(Milliseconds time) {
    const Milliseconds end = now_ + time;
    while (!due_.empty() && due_.begin()->first <= end) {
      now_ = due_.begin()->first;
      const auto work = due_.extract(due_.begin()).mapped();
      work();
    }
    now_ = end;
  }

 private:
  Milliseconds now_{1000};
  std::multimap<Milliseconds, std::function<void()>> due_;
};

}  // namespace llmspool::spool
