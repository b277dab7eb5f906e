// SPDX-License-Identifier: MIT
// What an operator has switched: whether the queue, or one backend, runs jobs and takes new ones.
// Kept in the store, so that it outlives a restart. Any thread.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace llmspool::spool {

enum class Switch { paused, rejecting };

class Switches {
 public:
  // Under which the store keeps it; an empty backend means all.
  static std::string name(Switch what, const std::string& backend) {
    const std::string word = what == Switch::paused ? "paused" : "rejecting";
    return backend.empty() ? word : word + " " + backend;
  }

  void replace(std::set<std::string> on) {
    const std::scoped_lock lock(mutex_);
    on_ = std::move(on);
  }
  void set(const std::string& name, bool on) {
    const std::scoped_lock lock(mutex_);
    if (on) {
      on_.insert(name);
    } else {
      on_.erase(name);
    }
  }
  // Of exactly this backend, or of the whole queue.
  bool is_on(Switch what, const std::string& backend = {}) const {
    const std::scoped_lock lock(mutex_);
    return on_.contains(name(what, backend));
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> on_;
};

}  // namespace llmspool::spool
