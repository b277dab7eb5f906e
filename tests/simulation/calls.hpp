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
  bool optimized = false;  // an optimizer asks, or has worked on the prompt
  const plugin::Sink* sink = nullptr;
  std::string text{};       // all that it said
  std::int64_t tokens = 0;  // that it took
  bool done = false;        // its answer is complete
};
using CallAt = std::list<Call>::iterator;

class Calls {
 public:
  CallAt begin(Call call, const config::Backend& rules, Milliseconds uptime);
  void end(CallAt call, Milliseconds uptime);
  // The last that was begun for the step; null: none.
  const Call* last(job::JobId id, const std::string& step) const;
  bool none_run() const { return running_.empty(); }
  void forget_minute() { minutes_.clear(); }

 private:
  void check_minute(const Call& call, const config::Backend& rules, Milliseconds uptime);
  void check_limits(const Call& call, const config::Backend& rules) const;

  std::list<Call> running_;
  std::map<std::pair<job::JobId, std::string>, Call> ended_;  // the last of each step
  // What a backend was asked for in the last minute, and when. Each optimizer's request comes at a
  // time of its own, so that only the others can be foretold.
  struct Minute {
    std::deque<Milliseconds> begun{};
    std::deque<std::pair<Milliseconds, std::int64_t>> tokens{};
  };
  std::map<std::string, Minute> minutes_;
};

}  // namespace llmspool::simulation
