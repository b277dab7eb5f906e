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
  // Does once what is told first, then the other.
  static ScriptedBackend::Script once(ScriptedBackend::Script first, ScriptedBackend::Script then) {
    return [first = std::move(first), then = std::move(then), calls = 0](const auto& request,
                                                                         Sink& sink) mutable {
      return calls++ == 0 ? first(request, sink) : then(request, sink);
    };
  }
  static ScriptedBackend::Script fail_with(Verdict verdict) {
    return [verdict](const GenerateRequest&, Sink&) { return failure(verdict); };
  }
  ScriptedBackend::Script answer() {
    return [this](const GenerateRequest&, Sink& sink) { return say(sink); };
  }
  // A job that a backend's first call fails, so that it is down from then on.
  void bring_down(const std::string& backend) {
    submit([&](auto& submission) {
      submission.job.backends = {backend};
      submission.job.max_attempts = 1;
    });
    time_.pass(seconds(1));
    asked_.clear();
  }
  // A job for "x", which is down for a moment and answers then, and for "other", which answers it
  // with `verdict`.
  job::JobId submit_while_x_is_down(Verdict verdict) {
    have_backend(once(fail_with(Verdict::retry_later), answer()));
    have_backend(fail_with(verdict), 1, "other");
    start({{"x", fragile()}});
    bring_down("x");
    return submit_to_both();
  }
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

TEST_F(FailoverScenario, IsPatientWithOneThatAsksForItWhereTheOtherIsStopped) {
  have_backend(once(fail_with(Verdict::retry_later), answer()));
  have_backend(fail_with(Verdict::stop_queue), 1, "other");
  start();
  submit([](auto& submission) { submission.job.backends = {"other"}; });
  time_.pass(seconds(1));
  asked_.clear();
  const auto id = submit_to_both();
  time_.pass(Milliseconds(500));
  EXPECT_THAT(asked_jobs(), ElementsAre(id)) << "it has paused for no time";
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

TEST_F(FailoverScenario, GivesNoJobsOfABackendThatIsDownToOneThatIsPaused) {
  start_two(once(fail_with(Verdict::retry_later), answer()), {{"x", fragile()}});
  bring_down("x");
  set_switch(Switch::paused, "other", true);
  const auto waits = submit_to_both();
  time_.pass(minutes(1));
  EXPECT_EQ(status(waits), Status::completed);
  EXPECT_THAT(asked_backends(), ElementsAre("x"));
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

TEST_F(FailoverScenario, GoesBackToOneThatWasOnlyDownWhereAnotherGivesUp) {
  const auto id = submit_while_x_is_down(Verdict::failed);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
  EXPECT_THAT(asked_backends(), ElementsAre("other", "x"));
}

TEST_F(FailoverScenario, GoesToNoneAgainThatHasGivenUp) {
  have_backend(once(fail_with(Verdict::retry_later), fail_with(Verdict::failed)));
  have_backend(fail_with(Verdict::failed), 1, "other");
  have_backend(once(fail_with(Verdict::stop_queue), answer()), 1, "third");
  start({{"x", fragile()}});
  submit([](auto& submission) { submission.job.backends = {"third"}; });
  bring_down("x");
  const auto id =
      submit([](auto& submission) { submission.job.backends = {"x", "other", "third"}; });
  time_.pass(minutes(1));
  ASSERT_THAT(asked_backends(), ElementsAre("other", "x"));
  spool_->resume();
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(FailoverScenario, TriesABackendAgainForWhichNoJobWaits) {
  const auto id = submit_while_x_is_down(Verdict::stop_queue);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
  EXPECT_THAT(asked_backends(), ElementsAre("other", "x"));
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
