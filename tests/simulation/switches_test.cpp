// SPDX-License-Identifier: MIT
// Pauses that the store does not keep.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using spool::Switch;
using std::chrono::minutes;
using std::chrono::seconds;

class SwitchesScenario : public Scenario {
 protected:
  void start_answering() {
    have_answering_backend();
    start();
  }
  // It takes the store a minute to say no.
  void pause_in_vain() {
    store_.fail_next(minutes(1));
    spool_->set_switch({"root", true}, Switch::paused, "x", true,
                       [this](const Result<void>& stored) { answer_.emplace(stored); });
    time_.pass(seconds(1));
  }
  std::optional<Result<void>> answer_;
};

TEST_F(SwitchesScenario, APauseHoldsBeforeItIsStored) {
  start_answering();
  pause_in_vain();
  const auto waits = submit();
  time_.pass(seconds(30));
  EXPECT_EQ(status(waits), Status::pending);
}

TEST_F(SwitchesScenario, AResumeWaitsForNoBackendThatTakesItsTime) {
  knows_models_ = [] { return false; };
  start_answering();
  knows_models_ = [this] {
    time_.sleep(minutes(1));
    return true;
  };
  spool_->resume();
  const auto id = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(SwitchesScenario, APauseThatCannotBeStoredIsTakenBack) {
  start_answering();
  pause_in_vain();
  const auto waits = submit();
  time_.pass(minutes(1));
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(SwitchesScenario, APauseThatCannotBeStoredIsAnErrorToWhoAskedForIt) {
  start_answering();
  pause_in_vain();
  time_.pass(minutes(1));
  ASSERT_TRUE(answer_.has_value() && !answer_->has_value());
  EXPECT_EQ(answer_->error().code, Code::internal);
}

TEST_F(SwitchesScenario, AreAsTheyAreStoredWhereNeitherAPauseNorItsEndCouldBe) {
  start_answering();
  for (const bool on : {true, false}) {
    store_.fail_next(minutes(1));
    spool_->set_switch({"root", true}, Switch::paused, "x", on, [](const auto&) {});
    time_.pass(seconds(1));
  }
  time_.pass(minutes(2));
  const auto runs = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(status(runs), Status::completed);
}

TEST_F(SwitchesScenario, APauseHoldsThoughTheEndOfOneBeforeItIsStoredLater) {
  start_answering();
  set_switch(Switch::paused, "x", true);
  const auto waits = submit();
  const auto flip = [&](bool on) {
    spool_->set_switch({"root", true}, Switch::paused, "x", on, [](const auto&) {});
  };
  store_.answer_next_after(seconds(2));
  flip(false);
  time_.pass(seconds(1));
  store_.answer_next_after(seconds(2));
  flip(true);
  time_.pass(minutes(1));
  EXPECT_EQ(status(waits), Status::pending);
}

TEST_F(SwitchesScenario, APauseWhoseEndCannotBeStoredHolds) {
  start_answering();
  set_switch(Switch::paused, "x", true);
  store_.fail_next();
  set_switch(Switch::paused, "x", false);
  const auto waits = submit();
  time_.pass(seconds(30));
  EXPECT_EQ(status(waits), Status::pending);
}

TEST_F(SwitchesScenario, AResumeThatCannotBeStoredLeavesABackendStopped) {
  have_backend([](const auto&, auto&) { return failure(plugin::Verdict::stop_queue); });
  start();
  submit();
  time_.pass(seconds(1));
  store_.fail_next();
  set_switch(Switch::paused, "x", false);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(SwitchesScenario, APauseOfAnEarlierLifeWhoseEndCannotBeStoredHolds) {
  store_.set_switch(spool::Switches::name(Switch::paused, "x"), true, [](const auto&) {});
  time_.pass(seconds(1));
  start_answering();
  store_.fail_next();
  set_switch(Switch::paused, "x", false);
  const auto waits = submit();
  time_.pass(seconds(30));
  EXPECT_EQ(status(waits), Status::pending);
}

}  // namespace
}  // namespace llmspool::simulation
