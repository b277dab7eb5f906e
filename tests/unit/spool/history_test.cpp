// SPDX-License-Identifier: MIT
#include "spool/history.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace llmspool::spool {
namespace {

using namespace std::chrono_literals;

// One that has completed in so long.
job::Job done_in(Milliseconds time) {
  job::Job job{
      .status = job::Status::completed, .pipeline = "letter", .backend = "quick", .model = "a"};
  job.attempt = 1;
  job.started_at = Time(1h);
  job.completed_at = Time(1h) + time;
  return job;
}

TEST(History, ExpectsWhatOneLikeItHasTaken) {
  History history;
  history.learn(done_in(8s));
  EXPECT_EQ(history.expected(done_in(0s)), 8.0);
}

TEST(History, GivesMoreWeightToWhatIsNew) {
  History history;
  for (const auto time : {10s, 20s}) history.learn(done_in(time));
  EXPECT_EQ(history.expected(done_in(0s)), 12.0);
}

TEST(History, ExpectsOfAnotherModelOrPipelineWhatTheBackendUsuallyTakes) {
  History history;
  history.learn(done_in(8s));
  EXPECT_EQ(history.expected("quick", "b", "letter"), 8.0);
  EXPECT_EQ(history.expected("quick", "a", "summary"), 8.0);
  EXPECT_EQ(history.expected("quick"), 8.0);
}

TEST(History, TellsModelsApart) {
  History history;
  history.learn(done_in(8s));
  auto other = done_in(2s);
  other.model = "b";
  history.learn(other);
  EXPECT_EQ(history.expected(done_in(0s)), 8.0);
}

TEST(History, ExpectsNothingOfAnUnknownBackend) {
  History history;
  history.learn(done_in(8s));
  EXPECT_EQ(history.expected("slow", "a", "letter"), std::nullopt);
}

TEST(History, LearnsOnlyFromJobsThatTellHowLongOneTakes) {
  struct Case {
    std::string name;
    std::function<void(job::Job&)> change;
  };
  const std::vector<Case> cases{
      {"failed", [](job::Job& job) { job.status = job::Status::failed; }},
      {"cancelled", [](job::Job& job) { job.status = job::Status::cancelled; }},
      {"tried twice", [](job::Job& job) { job.attempt = 2; }},
      {"interrupted", [](job::Job& job) { job.interruptions = 1; }},
      {"never started", [](job::Job& job) { job.started_at.reset(); }},
      {"ended before it started, since the clock was set back",
       [](job::Job& job) { job.completed_at = *job.started_at - 1ms; }}};
  for (const Case& each : cases) {
    History history;
    job::Job job = done_in(8s);
    each.change(job);
    history.learn(job);
    EXPECT_EQ(history.expected("quick"), std::nullopt) << each.name;
  }
}

}  // namespace
}  // namespace llmspool::spool
