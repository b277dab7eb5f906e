// SPDX-License-Identifier: MIT
// What the spool takes from those that hand in jobs and change them, and what it refuses.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::JobId;
using spool::Submission;
using spool::Switch;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class FrontDoorScenario : public Scenario {
 protected:
  void SetUp() override {
    have_answering_backend();
    have_answering_backend("other");
    start();
  }
  static Submission prompt(const std::function<void(Submission&)>& change = {}) {
    Submission submission;
    submission.job.backends = {"x"};
    submission.request.messages = {{"user", "Hello"}};
    if (change) change(submission);
    return submission;
  }
  // Alone, or as a line of a bulk upload.
  Result<store::Submitted> submit_one(Submission submission) {
    std::optional<Result<store::Submitted>> answer;
    spool_->submit(alice_, std::move(submission),
                   [&](const auto& submitted) { answer.emplace(submitted); });
    time_.pass(seconds(1));
    return answer.value();
  }
  Result<store::Submitted> submit_line(Submission submission) {
    std::optional<Result<store::Submitted>> answer;
    spool_->submit_all(alice_, {std::move(submission)}, [&](const auto& all) {
      answer.emplace(all ? all->front() : std::unexpected(all.error()));
    });
    time_.pass(seconds(1));
    return answer.value();
  }
  // A job that is to end in an hour, with a key.
  Submission with_key_and_deadline() {
    return prompt([&](auto& submission) {
      submission.job.deadline = time_.now() + hours(1);
      submission.idempotency_key = "key";
      submission.fingerprint = "request";
    });
  }
  // Nothing: it is not refused.
  std::optional<Code> refusal_of(JobId id, job::Command command) {
    std::optional<Code> refused;
    spool_->command(alice_, id, std::move(command), [&](const auto& done) {
      if (!done) refused = done.error().code;
    });
    time_.pass(seconds(1));
    return refused;
  }
  JobId submit_held() {
    return submit([](auto& submission) { submission.hold = true; });
  }

  const spool::Caller alice_{"alice"};
};

TEST_F(FrontDoorScenario, TakesNoJobsOnceTheDaemonStops) {
  spool_->stop(seconds(1), [] {});
  time_.pass(seconds(1));
  EXPECT_EQ(submit_one(prompt()).error().code, Code::unavailable);
  EXPECT_EQ(submit_line(prompt()).error().code, Code::unavailable);
}

TEST_F(FrontDoorScenario, AnswersASubmitAsBeforeThoughItsDeadlineHasPassedSince) {
  const auto submission = with_key_and_deadline();
  const auto first = submit_one(submission).value().applied.job.id;
  time_.pass(hours(2));
  EXPECT_EQ(submit_one(submission).value().applied.job.id, first);
}

TEST_F(FrontDoorScenario, AnswersALineAsBeforeThoughItsDeadlineHasPassedSince) {
  const auto submission = with_key_and_deadline();
  const auto first = submit_line(submission).value().applied.job.id;
  time_.pass(hours(2));
  EXPECT_EQ(submit_line(submission).value().applied.job.id, first);
}

TEST_F(FrontDoorScenario, GivesAJobToTheFirstOfItsBackendsThatTakesNewOnes) {
  set_switch(Switch::rejecting, "x", true);
  submit_to_both();
  time_.pass(seconds(1));
  EXPECT_THAT(asked_backends(), testing::ElementsAre("other"));
}

TEST_F(FrontDoorScenario, PutsNoJobOffForYears) {
  job::Change change;
  change.not_before = time_.now() + hours(24 * 367);
  EXPECT_EQ(refusal_of(submit_held(), change), Code::invalid);
}

TEST_F(FrontDoorScenario, MovesNoJobToABackendThatIsNotThere) {
  job::Change change;
  change.backends = {"gone"};
  EXPECT_EQ(refusal_of(submit_held(), change), Code::invalid);
}

TEST_F(FrontDoorScenario, RunsNoEndedJobAgainWhileTheQueueTakesNone) {
  const auto ended = submit();
  time_.pass(seconds(1));
  set_switch(Switch::rejecting, "", true);
  EXPECT_EQ(refusal_of(ended, job::Restart{}), Code::unavailable);
}

TEST_F(FrontDoorScenario, CancelsAllJobsOfAGroupHoweverMany) {
  constexpr int kMoreThanTwoBatches = 1100;
  for (int i = 0; i < kMoreThanTwoBatches; ++i)
    submit([](auto& submission) {
      submission.job.group = "letters";
      submission.hold = true;
    });
  spool_->cancel_group(alice_, "alice", "letters", [](const auto&) {});
  time_.pass(seconds(1));
  EXPECT_EQ(store_.counts().value().cancelled, kMoreThanTwoBatches);
}

TEST_F(FrontDoorScenario, TellsThoseThatFollowAJobWhatHappens) {
  const auto id = submit();
  bool is_woken = false;
  const spool::Hub::Following following(spool_->hub(), id, [&] { is_woken = true; });
  time_.pass(seconds(1));
  EXPECT_TRUE(is_woken);
  EXPECT_TRUE(following.events_in_memory(job(id).seq - 1).has_value());
}

TEST_F(FrontDoorScenario, PausesNoBackendThatIsNotThere) {
  std::optional<Code> refused;
  spool_->set_switch({"root", true}, Switch::paused, "gone", true,
                     [&](const auto& set) { refused = set.error().code; });
  EXPECT_EQ(refused, Code::not_found);
  time_.pass(seconds(1));
  EXPECT_THAT(store_.switches().value(), testing::IsEmpty());
}

TEST_F(FrontDoorScenario, ListsNoMoreOfWhatComesNextThanIsAskedFor) {
  set_switch(Switch::paused, "", true);
  for (int i = 0; i < 5; ++i) submit();
  EXPECT_THAT(spool_->upcoming(alice_, 2).value(), testing::SizeIs(2));
}

}  // namespace
}  // namespace llmspool::simulation
