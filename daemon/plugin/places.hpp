// SPDX-License-Identifier: MIT
// How many pieces of work are inside a plugin at once. Any thread.
#pragma once

#include <condition_variable>
#include <mutex>

#include "plugin/backend.hpp"

namespace llmspool::plugin {

class Places {
 public:
  // Waits until fewer than `most` are inside; false if the work is cancelled before that.
  bool enter(int most, const Sink& sink);
  void leave();

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  int inside_ = 0;
};

}  // namespace llmspool::plugin
