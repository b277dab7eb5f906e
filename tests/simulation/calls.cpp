// SPDX-License-Identifier: MIT
#include "calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace llmspool::simulation {

CallAt Calls::begin(Call call, const config::Backend& rules, Milliseconds uptime) {
  for (const Call& other : running_) {
    if (other.job_id == call.job_id && !other.sink->cancelled()) {
      EXPECT_TRUE(other.attempt == call.attempt && other.step != call.step)
          << "job " << call.job_id << " runs twice at once";
    }
  }
  if (!call.optimized) check_minute(call, rules, uptime);
  ended_.erase({call.job_id, call.step});
  running_.push_front(std::move(call));
  check_limits(running_.front(), rules);
  return running_.begin();
}

void Calls::check_minute(const Call& call, const config::Backend& rules, Milliseconds uptime) {
  auto& [begun, tokens] = minutes_[call.backend];
  const Milliseconds since = uptime - std::chrono::minutes(1);
  while (!begun.empty() && begun.front() <= since) begun.pop_front();
  while (!tokens.empty() && tokens.front().first <= since) tokens.pop_front();
  begun.push_back(uptime);
  if (rules.requests_per_minute > 0) {
    EXPECT_LE(begun.size(), rules.requests_per_minute) << "requests to " << call.backend;
  }
  std::int64_t taken = 0;  // but for what ends at this moment, which the daemon may not know yet
  for (const auto& [at, count] : tokens) taken += at < uptime ? count : 0;
  if (rules.tokens_per_minute > 0) {
    EXPECT_LT(taken, rules.tokens_per_minute) << "tokens of " << call.backend;
  }
}

void Calls::check_limits(const Call& call, const config::Backend& rules) const {
  int beside = 0;
  std::set<std::pair<job::JobId, int>> jobs;
  for (const Call& other : running_) {
    if (other.backend != call.backend) continue;
    ++beside;
    if (other.model == call.model) jobs.emplace(other.job_id, other.attempt);
  }
  EXPECT_LE(beside, rules.concurrency) << "calls of " << call.backend;
  const auto most = rules.model_concurrency.find(call.model);
  if (most != rules.model_concurrency.end()) {
    EXPECT_LE(std::ssize(jobs), most->second)
        << "jobs of " << call.backend << " with model " << call.model;
  }
}

void Calls::end(CallAt call, Milliseconds uptime) {
  if (!call->optimized) minutes_[call->backend].tokens.emplace_back(uptime, call->tokens);
  // A call that goes on after its job has been run again is not the last.
  if (last(call->job_id, call->step) == &*call)
    ended_.insert_or_assign({call->job_id, call->step}, *call);
  running_.erase(call);
}

const Call* Calls::last(job::JobId id, const std::string& step) const {
  const auto runs = std::ranges::find_if(
      running_, [&](const Call& call) { return call.job_id == id && call.step == step; });
  const auto ended = ended_.find({id, step});
  if (ended != ended_.end()) return &ended->second;
  return runs == running_.end() ? nullptr : &*runs;
}

}  // namespace llmspool::simulation
