// SPDX-License-Identifier: MIT
// What an operator has switched: whether the queue, or one backend, runs jobs and takes new ones.
// Kept in the store, so that it outlives a restart. Any thread.
#pragma once

#include <map>
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
  // It is to be stored so; one that is put on is on from now.
  void ask(const std::string& name, bool on) {
    const std::scoped_lock lock(mutex_);
    if (!on) return;
    ++asked_on_[name];
    on_.insert(name);
  }
  // That has been answered: it is stored so, or as it was. On it stays while somebody else still
  // asks for that.
  void answer(const std::string& name, bool on, bool stored) {
    const std::scoped_lock lock(mutex_);
    if (stored) put(stored_, name, on);
    if (on && --asked_on_[name] == 0) asked_on_.erase(name);
    put(on_, name, stored_.contains(name) || asked_on_.contains(name));
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
  std::map<std::string, int> asked_on_;  // how often, and not answered yet
};

}  // namespace llmspool::spool
