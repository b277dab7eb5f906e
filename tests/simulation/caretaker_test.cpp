// SPDX-License-Identifier: MIT
// That what need not be kept goes while the daemon runs, not only when it starts.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using std::chrono::hours;
using std::chrono::minutes;

class CaretakerScenario : public Scenario {
 protected:
  void start_keeping(const store::Retention& retention) {
    retention_ = retention;
    have_backend([](const GenerateRequest&, Sink&) { return Ending{}; });
    start();
  }
  bool is_there(job::JobId id) { return store_.get(id).has_value(); }
  std::int64_t completed() { return store_.counts().value().completed; }
};

TEST_F(CaretakerScenario, RemovesEachJobAtItsAge) {
  start_keeping({.age = hours(1)});
  const auto early = submit();
  time_.pass(minutes(30));
  const auto late = submit();
  time_.pass(minutes(29));
  EXPECT_TRUE(is_there(early));
  time_.pass(minutes(3));
  EXPECT_FALSE(is_there(early));
  EXPECT_TRUE(is_there(late));
  time_.pass(minutes(30));
  EXPECT_FALSE(is_there(late));
}

TEST_F(CaretakerScenario, KeepsNoMoreJobsThanItMayFromMinuteToMinute) {
  start_keeping({.jobs_max = 2});
  for (int i = 0; i < 3; ++i) submit();
  time_.pass(minutes(1));
  EXPECT_EQ(completed(), 2);
  for (int i = 0; i < 3; ++i) submit();
  time_.pass(minutes(1));
  EXPECT_EQ(completed(), 2);
}

TEST_F(CaretakerScenario, RemovesManyAtOnceInParts) {
  constexpr int kMoreThanTwoBatches = 1100;
  start_keeping({.jobs_max = 10});
  for (int i = 0; i < kMoreThanTwoBatches; ++i) submit();
  time_.pass(minutes(1));
  EXPECT_EQ(completed(), 10);
}

TEST_F(CaretakerScenario, RemovesNothingOnceTheDaemonStops) {
  start_keeping({.age = hours(1)});
  const auto kept = submit();
  time_.pass(minutes(1));
  spool_->stop(minutes(1), [] {});
  time_.pass(hours(2));
  EXPECT_TRUE(is_there(kept));
}

}  // namespace
}  // namespace llmspool::simulation
