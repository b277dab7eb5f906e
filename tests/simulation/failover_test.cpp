// SPDX-License-Identifier: MIT
// Which of its backends a job goes to when one of them does not run it.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using plugin::Generate;
using plugin::GenerateRequest;
using plugin::OptimizeResult;
using plugin::Sink;
using plugin::Verdict;
using spool::Switch;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class FailoverScenario : public Scenario {
 protected:
  // Backend "x", which does as it is told, and "other", which answers.
  void start_two(ScriptedBackend::Script script,
                 std::map<std::string, config::Backend> rules = {}) {
    have_backend(std::move(script));
    have_answering_backend("other");
    start(std::move(rules));
  }
};

TEST_F(FailoverScenario, TriesAgainAtOnceOnTheSameBackendThatAsksForIt) {
  start_two([&](const GenerateRequest&, Sink& sink) {
    return asked_.size() == 1 ? failure(Verdict::retry_now) : say(sink);
  });
  submit_to_both();
  time_.pass(Milliseconds(500));
  EXPECT_THAT(asked_backends(), ElementsAre("x", "x"));
}

TEST_F(FailoverScenario, GoesAtOnceToAnotherThatIsUpWhereOneAsksForPatience) {
  start_two([](const GenerateRequest&, Sink&) { return failure(Verdict::retry_later); });
  submit_to_both();
  time_.pass(Milliseconds(500));
  EXPECT_THAT(asked_backends(), ElementsAre("x", "other"));
}

TEST_F(FailoverScenario, WaitsForAnotherThatIsPaused) {
  start_two([](const GenerateRequest&, Sink&) { return failure(); });
  set_switch(Switch::paused, "other", true);
  const auto waits = submit_to_both();
  time_.pass(minutes(1));
  ASSERT_EQ(status(waits), Status::pending);
  set_switch(Switch::paused, "other", false);
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(FailoverScenario, WaitsForAnotherThatRests) {
  config::Backend rules;
  rules.requests_per_minute = 1;
  start_two([](const GenerateRequest&, Sink&) { return failure(); }, {{"other", rules}});
  submit([](auto& submission) { submission.job.backends = {"other"}; });
  time_.pass(seconds(1));
  const auto waits = submit_to_both();
  time_.pass(seconds(30));
  ASSERT_EQ(status(waits), Status::pending);
  time_.pass(seconds(31));
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(FailoverScenario, LeavesAJobWithABackendThatIsOnlyPaused) {
  start_two([&](const GenerateRequest&, Sink& sink) { return say(sink); });
  set_switch(Switch::paused, "x", true);
  const auto waits = submit_to_both();
  // When another comes up, it is given the jobs of those that are down.
  set_switch(Switch::paused, "other", true);
  set_switch(Switch::paused, "other", false);
  EXPECT_EQ(status(waits), Status::pending);
  EXPECT_EQ(job(waits).backend, "x");
}

TEST_F(FailoverScenario, GivesAllJobsOfAStoppedBackendToAnother) {
  constexpr int kMoreThanTwoBatches = 1100;
  have_backend([&](const GenerateRequest&, Sink&) {
    time_.sleep(minutes(1));
    return failure(Verdict::stop_queue);
  });
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); }, 1, "other");
  start();
  for (int i = 0; i < kMoreThanTwoBatches; ++i) submit_to_both();
  time_.pass(minutes(2));
  EXPECT_THAT(store_.list({.backend = "x"}).value(), IsEmpty());
}

TEST_F(FailoverScenario, TriesNoOtherBackendWhereAnOptimizerFails) {
  have_optimizer([](const Generate& generate, OptimizeResult& result) {
    generate_with(generate, result);
    return failure();
  });
  start_two([&](const GenerateRequest&, Sink& sink) { return say(sink); });
  submit([](auto& submission) {
    submission.job.backends = {"x", "other"};
    submission.request.optimizers = {{"opt", {}}};
  });
  time_.pass(minutes(1));
  EXPECT_THAT(asked_backends(), ElementsAre("x"));
}

}  // namespace
}  // namespace llmspool::simulation
