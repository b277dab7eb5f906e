// SPDX-License-Identifier: MIT
// The plugins' own view: who was asked for what, when, and beside what else. Checks that no backend
// is asked for more than it may be, and no job run twice at once.
#pragma once

#include <deque>
#include <list>
#include <map>

#include "config/config.hpp"
#include "plugin/backend.hpp"

namespace llmspool::simulation {

struct Call {
  std::string backend{};
  job::JobId job_id = 0;
  std::string step{}, model{};
  int attempt = 0;
  const plugin::Sink* sink = nullptr;
  std::string text{};  // all that it said
  bool done = false;   // its answer is complete
};
using CallAt = std::list<Call>::iterator;

class Calls {
 public:
  CallAt begin(Call call, const config::Backend& rules, Milliseconds uptime);
  void end(CallAt call);
  // The last that was begun for the step; null: none.
  const Call* last(job::JobId id, const std::string& step) const;
  bool none_run() const { return running_.empty(); }
  void forget_minute() { begun_at_.clear(); }

 private:
  void check_limits(const Call& call, const config::Backend& rules) const;

  std::list<Call> running_;
  std::map<std::pair<job::JobId, std::string>, Call> ended_;  // the last of each step
  std::map<std::string, std::deque<Milliseconds>> begun_at_;  // of the last minute, by backend
};

}  // namespace llmspool::simulation
