// SPDX-License-Identifier: MIT
#include "spool/history.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace llmspool::spool {
namespace {

using namespace std::chrono_literals;

job::Job done_job() {
  job::Job job{
      .status = job::Status::completed, .pipeline = "letter", .backend = "quick", .model = "a"};
  job.fence = 1;
  return job;
}

TEST(History, ExpectsWhatOneLikeItHasTaken) {
  History history;
  history.learn(done_job(), 8s);
  EXPECT_EQ(history.expected(done_job()), 8.0);
}

TEST(History, GivesMoreWeightToWhatIsNew) {
  History history;
  for (const auto time : {10s, 20s}) history.learn(done_job(), time);
  EXPECT_EQ(history.expected(done_job()), 12.0);
}

TEST(History, ExpectsOfAnotherModelOrPipelineWhatTheBackendUsuallyTakes) {
  History history;
  history.learn(done_job(), 8s);
  EXPECT_EQ(history.expected("quick", "b", "letter"), 8.0);
  EXPECT_EQ(history.expected("quick", "a", "summary"), 8.0);
  EXPECT_EQ(history.expected("quick"), 8.0);
}

TEST(History, TellsModelsApart) {
  History history;
  history.learn(done_job(), 8s);
  auto other = done_job();
  other.model = "b";
  history.learn(other, 2s);
  EXPECT_EQ(history.expected(done_job()), 8.0);
}

TEST(History, ExpectsNothingOfAnUnknownBackend) {
  History history;
  history.learn(done_job(), 8s);
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
      {"started twice", [](job::Job& job) { job.fence = 2; }}};
  for (const Case& each : cases) {
    History history;
    job::Job job = done_job();
    each.change(job);
    history.learn(job, 8s);
    EXPECT_EQ(history.expected("quick"), std::nullopt) << each.name;
  }
}

TEST(History, LearnsNothingFromATimeThatAClockSetBackHasMade) {
  History history;
  history.learn(done_job(), -1ms);
  EXPECT_EQ(history.expected("quick"), std::nullopt);
}

}  // namespace
}  // namespace llmspool::spool
