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

  // As they are stored.
  void replace(std::set<std::string> on) {
    const std::scoped_lock lock(mutex_);
    on_ = stored_ = std::move(on);
  }
  // On, though that is not stored yet.
  void set_on(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    on_.insert(name);
  }
  void stored(const std::string& name, bool on) {
    const std::scoped_lock lock(mutex_);
    put(on_, name, on);
    put(stored_, name, on);
  }
  // It could not be stored: it is as it was stored last.
  void not_stored(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    put(on_, name, stored_.contains(name));
  }
  // Of exactly this backend, or of the whole queue.
  bool is_on(Switch what, const std::string& backend = {}) const {
    const std::scoped_lock lock(mutex_);
    return on_.contains(name(what, backend));
  }

 private:
  static void put(std::set<std::string>& set, const std::string& name, bool on) {
    if (on) {
      set.insert(name);
    } else {
      set.erase(name);
    }
  }

  mutable std::mutex mutex_;
  std::set<std::string> on_, stored_;
};

}  // namespace llmspool::spool
