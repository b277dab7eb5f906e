// SPDX-License-Identifier: MIT
// What the dispatcher makes of backends that are down, come up again, or are not there.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using spool::Circuit;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class DispatcherScenario : public Scenario {
 protected:
  // Fails until it is mended; one call does not return, if it is to hang.
  Ending fail_or_say(Sink& sink) {
    if (std::exchange(hangs_, false)) time_.sleep(hours(1000));
    if (broken_) return failure();
    return say(sink);
  }
  // Backend "x", whose circuit has been opened by a job.
  void start_broken(int concurrency, config::Backend rules = fragile()) {
    have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); },
                 concurrency);
    start({{"x", rules}});
    submit();
    time_.pass(seconds(1));
    ASSERT_EQ(backend().circuit, Circuit::State::open);
  }
  // The same, mended since, of a backend that takes an hour for each step "notes".
  void start_slow_at_notes() {
    have_backend(
        [&](const GenerateRequest& request, Sink& sink) {
          if (request.step == "notes") time_.sleep(hours(1));
          return fail_or_say(sink);
        },
        3);
    start({{"x", fragile()}});
    submit();
    time_.pass(seconds(1));
    broken_ = false;
  }
  // While a job runs that would end so much after the grace of the stop, which begins now.
  job::JobId stop_amid_a_job(Milliseconds beyond) {
    static constexpr seconds kTakes{10};
    have_backend([&](const GenerateRequest&, Sink&) {
      time_.sleep(kTakes);
      return Ending{};
    });
    start();
    const auto id = submit();
    time_.pass(seconds(1));
    grace_ = asked_.front().at + kTakes - beyond - time_.uptime();
    spool_->stop(grace_, [] {});
    return id;
  }
  bool broken_ = true, hangs_ = false;
  Milliseconds grace_{0};
};

TEST_F(DispatcherScenario, TriesAgainThoughAnEarlierTrialHasNotReturned) {
  auto rules = fragile();
  rules.step_timeout = seconds(3);
  start_broken(2, rules);
  hangs_ = true;
  broken_ = false;
  const auto trial = submit([](auto& submission) { submission.job.max_attempts = 1; });
  const auto next = submit();
  time_.pass(minutes(1));
  EXPECT_EQ(status(trial), Status::failed);
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, TriesAgainThoughACancelledTrialHasNotReturned) {
  start_broken(2);
  hangs_ = true;
  broken_ = false;
  const auto trial = submit();
  const auto next = submit();
  time_.pass(seconds(10));
  ASSERT_EQ(status(next), Status::pending);
  spool_->command({"alice"}, trial, job::Cancel{}, [](const auto&) {});
  time_.pass(seconds(10));
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, TriesWithOneJobAloneThoughItIsStillBeingClaimed) {
  start_broken(2);
  hangs_ = true;
  submit();
  submit();
  store_.answer_next_after(seconds(2));  // the claim of the trial, in four seconds
  time_.pass(seconds(5));
  set_switch(spool::Switch::rejecting, "x", true);  // it is looked at again
  time_.pass(seconds(1));
  EXPECT_EQ(asked_.size(), 2);
}

TEST_F(DispatcherScenario, GoesOnAtOnceWhenAStepClosesTheCircuit) {
  start_slow_at_notes();
  const auto trial = submit_chain();
  const auto next = submit();
  time_.pass(seconds(10));
  EXPECT_EQ(status(trial), Status::processing);
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, TriesAgainThoughAJobThatClosedTheCircuitStillRuns) {
  start_slow_at_notes();
  submit_chain();
  time_.pass(seconds(10));
  broken_ = true;
  submit();
  time_.pass(seconds(1));
  ASSERT_EQ(backend().circuit, Circuit::State::open);
  broken_ = false;
  const auto next = submit();
  time_.pass(seconds(10));
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, ClosesTheCircuitOfABackendThatAnswersATrial) {
  start_broken(1);
  broken_ = false;
  submit();
  time_.pass(seconds(10));
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(DispatcherScenario, CountsOnlyFailuresInARow) {
  auto rules = fragile();
  rules.circuit_failures = 2;
  have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); });
  start({{"x", rules}});
  for (const bool broken : {true, false, true}) {
    broken_ = broken;
    submit();
    time_.pass(seconds(1));
  }
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(DispatcherScenario, BlamesNoBackendForAJobThatAsksForWhatIsWrong) {
  have_backend([](const GenerateRequest&, Sink&) -> Ending {
    return {.verdict = plugin::Verdict::failed, .blames_request = true};
  });
  start({{"x", fragile()}});
  submit();
  time_.pass(seconds(1));
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(DispatcherScenario, GivesNothingToABackendThatTakesNoNewJobs) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); });
  have_answering_backend("other");
  start({{"x", fragile()}});
  set_switch(spool::Switch::rejecting, "other", true);
  submit();
  time_.pass(seconds(1));
  const auto waits = submit_to_both();
  time_.pass(seconds(2));
  EXPECT_EQ(job(waits).backend, "x");
  EXPECT_EQ(status(waits), Status::pending);
  set_switch(spool::Switch::rejecting, "other", false);
  EXPECT_EQ(job(waits).backend, "other");
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(DispatcherScenario, FailsAJobWhoseOtherBackendTakesNoNewJobs) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); });
  have_answering_backend("other");
  start();
  set_switch(spool::Switch::rejecting, "other", true);
  const auto failed = submit_to_both();
  time_.pass(seconds(1));
  EXPECT_EQ(status(failed), Status::failed);
}

TEST_F(DispatcherScenario, RunsAnEndedJobAgainOnABackendThatTakesNewJobs) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); });
  have_answering_backend("other");
  start();
  const auto again = submit_to_both();
  time_.pass(seconds(1));
  ASSERT_EQ(status(again), Status::completed);
  set_switch(spool::Switch::rejecting, "x", true);
  spool_->command({"alice"}, again, job::Restart{}, [](const auto&) {});
  time_.pass(seconds(1));
  EXPECT_EQ(status(again), Status::completed);
  EXPECT_THAT(job(again).failures, testing::IsEmpty()) << "it has been on x";
}

TEST_F(DispatcherScenario, MovesAJobToABackendThatTakesNewJobs) {
  have_answering_backend();
  have_answering_backend("other");
  start();
  set_switch(spool::Switch::rejecting, "x", true);
  const auto moved = submit([](auto& submission) {
    submission.job.backends = {"other"};
    submission.hold = true;
  });
  job::Change move;
  move.backends = {"x", "other"};
  spool_->command({"alice"}, moved, move, [](const auto&) {});
  time_.pass(seconds(1));
  EXPECT_EQ(job(moved).backends.front(), "x");
  EXPECT_EQ(job(moved).backend, "other");
}

TEST_F(DispatcherScenario, StartsNothingMoreOnABackendThatHasStopped) {
  have_backend(
      [&](const GenerateRequest&, Sink& sink) {
        if (asked_.size() > 1) return say(sink);
        time_.sleep(seconds(1));
        return failure(plugin::Verdict::stop_queue);
      },
      2);
  start();
  submit();
  time_.pass(Milliseconds(500));
  const auto next = submit();
  store_.answer_next_after(seconds(1));  // the claim
  time_.pass(seconds(3));
  ASSERT_EQ(asked_.size(), 1);
  EXPECT_EQ(status(next), Status::pending);
  EXPECT_EQ(job(next).message, "Waiting, since x takes no jobs now");
  spool_->resume();
  time_.pass(seconds(1));
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, WaitsForNoPauseThatTheClockHasLeftBehind) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    if (asked_.size() > 1) return say(sink);
    store_.answer_next_after(seconds(2));
    return failure(plugin::Verdict::retry_later);
  });
  start();
  const auto id = submit();
  time_.pass(seconds(1));
  time_.set_clock(-hours(1));
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(DispatcherScenario, TriesAgainAfterAResumeThatATrialOutlives) {
  start_broken(3);
  hangs_ = true;
  submit();  // the trial
  time_.pass(seconds(10));
  set_switch(spool::Switch::paused, "x", false);
  submit();
  time_.pass(seconds(1));
  ASSERT_EQ(backend().circuit, Circuit::State::open);
  broken_ = false;
  const auto next = submit();
  time_.pass(seconds(10));
  EXPECT_EQ(status(next), Status::completed);
}

TEST_F(DispatcherScenario, LearnsNoDurationFromAClockThatIsSet) {
  have_answering_backend();
  start();
  submit();
  time_.set_clock(hours(24));
  time_.pass(seconds(1));
  EXPECT_LT(backend().mean_seconds.value(), 1);
}

TEST_F(DispatcherScenario, TriesAgainInTimeThoughTheClockIsSetBack) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    return broken_ ? failure(plugin::Verdict::retry_later) : say(sink);
  });
  start();
  const auto waits = submit();
  time_.pass(Milliseconds(100));
  ASSERT_TRUE(job(waits).pause);
  broken_ = false;
  time_.set_clock(-hours(2));
  time_.pass(minutes(1));
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(DispatcherScenario, StartsADelayedJobSoonAfterTheClockIsSetForward) {
  have_answering_backend();
  start();
  const auto delayed = submit([](auto& submission) { submission.delay_seconds = 3600; });
  time_.set_clock(hours(2));
  time_.pass(seconds(31));
  EXPECT_EQ(status(delayed), Status::completed);
}

TEST_F(DispatcherScenario, ExpiresAJobSoonAfterTheClockIsSetForward) {
  have_answering_backend();
  start();
  const auto expires = submit([&](auto& submission) {
    submission.job.deadline = time_.now() + hours(1);
    submission.hold = true;
  });
  time_.set_clock(hours(2));
  time_.pass(seconds(31));
  EXPECT_EQ(status(expires), Status::failed);
}

TEST_F(DispatcherScenario, LooksForJobsAgainAfterAClaimThatFailed) {
  have_answering_backend();
  start();
  const auto waits = submit();
  store_.fail_next();  // the claim
  time_.pass(Milliseconds(500));
  ASSERT_EQ(status(waits), Status::pending);
  time_.pass(seconds(1));
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(DispatcherScenario, GivesAJobOfAMissingBackendToOneThatComesUpLater) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fail_or_say(sink); });
  const auto waits = store_job({"gone", "x"}, time_.now() + seconds(2));
  start({{"x", fragile()}});
  submit();
  time_.pass(seconds(3));
  EXPECT_EQ(backend("gone").waiting, 1);
  EXPECT_THAT(backend("gone").stopped_reason, testing::HasSubstr("not there"));
  ASSERT_EQ(status(waits), Status::pending);
  broken_ = false;
  submit();
  time_.pass(minutes(1));
  EXPECT_EQ(status(waits), Status::completed);
  EXPECT_EQ(job(waits).backend, "x");
}

TEST_F(DispatcherScenario, GivesAJobOfAMissingBackendToAnotherAtTheStart) {
  have_answering_backend();
  const auto waits = store_job({"gone", "x"});
  start();
  time_.pass(seconds(1));
  EXPECT_EQ(status(waits), Status::completed);
}

TEST_F(DispatcherScenario, StartsAJobThatWasDelayedInAnEarlierLife) {
  have_answering_backend();
  const auto delayed = store_job({"x"}, time_.now() + seconds(10));
  start();
  time_.pass(seconds(11));
  EXPECT_EQ(status(delayed), Status::completed);
}

TEST_F(DispatcherScenario, StartsADelayedJobThoughTheDiskFailsAtItsTime) {
  have_answering_backend();
  start();
  const auto delayed = submit([](auto& submission) { submission.delay_seconds = 10; });
  time_.pass(seconds(9));
  store_.fail_next();
  time_.pass(seconds(4));
  EXPECT_EQ(status(delayed), Status::completed);
}

TEST_F(DispatcherScenario, GivesADelayedJobOfAStoppedBackendToAnother) {
  have_backend([](const GenerateRequest&, Sink&) { return failure(plugin::Verdict::stop_queue); });
  have_answering_backend("other");
  start();
  submit();
  const auto delayed = submit([](auto& submission) {
    submission.job.backends = {"x", "other"};
    submission.delay_seconds = 10;
  });
  time_.pass(seconds(11));
  EXPECT_EQ(status(delayed), Status::completed);
}

TEST_F(DispatcherScenario, ResumesOnlyTheBackendThatIsNamed) {
  for (const char* id : {"x", "other"}) {
    have_backend([](const GenerateRequest&, Sink&) { return failure(plugin::Verdict::stop_queue); },
                 1, id);
  }
  start();
  for (const char* id : {"x", "other"})
    submit([&](auto& submission) { submission.job.backends = {id}; });
  time_.pass(seconds(1));
  asked_.clear();
  set_switch(spool::Switch::paused, "x", false);
  EXPECT_THAT(asked_backends(), testing::ElementsAre("x"));
}

TEST_F(DispatcherScenario, EndsTheRunOfAJobThatExpires) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  start();
  submit([&](auto& submission) { submission.job.deadline = time_.now() + seconds(10); });
  time_.pass(seconds(9));
  ASSERT_EQ(backend().running, 1);
  time_.pass(seconds(4));
  EXPECT_EQ(backend().running, 0);
}

TEST_F(DispatcherScenario, TellsHowManyJobsRun) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); }, 3);
  start();
  for (int i = 0; i < 2; ++i) submit();
  time_.pass(seconds(1));
  EXPECT_EQ(backend().running, 2);
}

TEST_F(DispatcherScenario, KeepsTheLeasesOfWhatRuns) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  start();
  submit();
  time_.pass(minutes(5));
  std::size_t taken_over = 1;
  store_.recover("another",
                 [&](const auto& recovered) { taken_over = recovered.value().interrupted.size(); });
  time_.pass(Milliseconds(10));
  EXPECT_EQ(taken_over, 0);
}

TEST_F(DispatcherScenario, FailsAJobWhoseOptimizerIsNoLongerThere) {
  have_answering_backend();
  store::Submission submission{.job = {.owner = "alice", .backends = {"x"}}};
  submission.request.messages = {{"user", "Hello"}};
  submission.request.optimizers = {{"gone", {}}};
  store_.submit(std::move(submission), [](const auto&) {});
  time_.pass(seconds(1));
  start();
  time_.pass(seconds(1));
  EXPECT_EQ(job(1).failure.value().code, "gone");
}

TEST_F(DispatcherScenario, IsAtRestAtOnceWhereNothingRuns) {
  have_answering_backend();
  start();
  bool at_rest = false;
  spool_->stop(hours(1), [&] { at_rest = true; });
  time_.pass(Milliseconds(10));
  EXPECT_TRUE(at_rest);
}

TEST_F(DispatcherScenario, PutsAJobBackThatOutlastsTheGraceOfAStop) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  start();
  const auto late = submit();
  time_.pass(seconds(1));
  bool at_rest = false;
  spool_->stop(minutes(1), [&] { at_rest = true; });
  time_.pass(minutes(2));
  EXPECT_TRUE(at_rest);
  EXPECT_EQ(status(late), Status::pending);
}

TEST_F(DispatcherScenario, CompletesAJobThatEndsInTheLastMillisecondOfTheGrace) {
  const auto id = stop_amid_a_job(-Milliseconds(1));
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(DispatcherScenario, PutsAJobBackThatWouldEndAMillisecondAfterTheGrace) {
  const auto id = stop_amid_a_job(Milliseconds(1));
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::pending);
}

TEST_F(DispatcherScenario, PutsNoJobBackBeforeTheGraceIsOver) {
  const auto id = stop_amid_a_job(Milliseconds(1));
  time_.pass(grace_);
  EXPECT_EQ(status(id), Status::processing);
}

TEST_F(DispatcherScenario, BeginsNoJobThatWasBeingClaimedWhenTheDaemonStops) {
  have_answering_backend();
  start();
  const auto id = submit();
  store_.answer_next_after(seconds(1));  // the claim
  time_.pass(Milliseconds(100));
  spool_->stop(minutes(1), [] {});
  time_.pass(seconds(5));
  EXPECT_EQ(status(id), Status::pending);
  EXPECT_EQ(asked_.size(), 0);
}

}  // namespace
}  // namespace llmspool::simulation
