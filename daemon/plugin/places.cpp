// SPDX-License-Identifier: MIT
#include "plugin/places.hpp"

namespace llmspool::plugin {

bool Places::enter(int most, const Sink& sink) {
  std::unique_lock lock(mutex_);
  while (!left_.wait_for(lock, kCancelPoll, [&] { return inside_ < most; }))
    if (sink.cancelled()) return false;
  ++inside_;
  return true;
}

void Places::leave() {
  {
    const std::scoped_lock lock(mutex_);
    --inside_;
  }
  left_.notify_one();
}

}  // namespace llmspool::plugin
