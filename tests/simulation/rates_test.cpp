// SPDX-License-Identifier: MIT
// Backends that are given so much in a minute and no more, or are left alone for as long as they
// ask.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using plugin::Verdict;
using std::chrono::seconds;

class RatesScenario : public Scenario {
 protected:
  // Backend "x", which asks for 40 s of patience at first.
  void start_asking_for_patience() {
    have_backend([&](const GenerateRequest&, Sink& sink) {
      if (asked_.size() > 1) return say(sink);
      return Ending{.verdict = Verdict::retry_later, .retry_after_seconds = 40};
    });
    start();
  }
};

TEST_F(RatesScenario, LeavesABackendAloneForAsLongAsItAsks) {
  start_asking_for_patience();
  submit();
  const auto other = submit();
  time_.pass(seconds(39));
  EXPECT_EQ(status(other), Status::pending);
  time_.pass(seconds(2));
  EXPECT_EQ(status(other), Status::completed);
}

TEST_F(RatesScenario, LeavesABackendAloneForTheLongestOfWhatItAsks) {
  have_backend(
      [&](const GenerateRequest& request, Sink&) {
        const bool is_first = request.job_id == 1;
        time_.sleep(seconds(is_first ? 1 : 2));
        return Ending{.verdict = Verdict::retry_later, .retry_after_seconds = is_first ? 40.0 : 5};
      },
      2);
  start();
  for (int i = 0; i < 2; ++i) submit();
  time_.pass(seconds(30));
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(RatesScenario, LeavesABackendAloneThatAsksDuringAClaim) {
  have_backend(
      [&](const GenerateRequest&, Sink& sink) {
        if (asked_.size() > 1) return say(sink);
        time_.sleep(seconds(1));
        return Ending{.verdict = Verdict::retry_later, .retry_after_seconds = 40};
      },
      2);
  start();
  submit();
  time_.pass(Milliseconds(500));
  const auto next = submit();
  store_.answer_next_after(seconds(1));  // the claim
  time_.pass(seconds(30));
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(status(next), Status::pending);
  time_.pass(seconds(15));
  EXPECT_EQ(status(next), Status::completed);
  EXPECT_EQ(job(next).attempt, 1);
}

TEST_F(RatesScenario, ChargesNothingForAStepThatIsNoLongerWanted) {
  have_backend([&](const GenerateRequest& request, Sink& sink) {
    return request.step == "answer" ? say(sink) : failure();
  });
  config::Backend rules;
  rules.requests_per_minute = 2;
  start({{"x", rules}});
  const auto chain = submit_chain();  // of two steps, one of which waits for the other's slot
  const auto other = submit();
  time_.pass(seconds(2));
  EXPECT_EQ(status(chain), Status::failed);
  EXPECT_EQ(status(other), Status::completed);
}

TEST_F(RatesScenario, GivesABackendJobsAgainWhereAPersonResumesIt) {
  start_asking_for_patience();
  submit();
  const auto other = submit();
  time_.pass(seconds(1));
  ASSERT_EQ(status(other), Status::pending);
  set_switch(spool::Switch::paused, "x", false);
  EXPECT_EQ(status(other), Status::completed);
}

TEST_F(RatesScenario, LetsJobsWaitOnceTheTokensOfAMinuteAreUsed) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    sink.usage(50, 10);
    return say(sink);
  });
  config::Backend rules;
  rules.tokens_per_minute = 100;
  start({{"x", rules}});
  for (int i = 0; i < 3; ++i) submit();
  time_.pass(seconds(59));
  EXPECT_EQ(asked_.size(), 2U);
  time_.pass(seconds(2));
  EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(RatesScenario, CountsTheRequestsThatOptimizersMake) {
  have_answering_backend();
  have_optimizer(generate_with);
  config::Backend rules;
  rules.requests_per_minute = 2;
  start({{"x", rules}});
  for (int i = 0; i < 2; ++i)
    submit([](auto& submission) { submission.request.optimizers = {{"opt", {}}}; });
  time_.pass(seconds(59));
  EXPECT_EQ(asked_.size(), 2U);
  time_.pass(seconds(2));
  EXPECT_EQ(asked_.size(), 4U);
}

TEST_F(RatesScenario, BeginNoJobThatWouldWaitForTheNextMinute) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return say(sink); }, 8);
  config::Backend rules;
  rules.requests_per_minute = 2;
  start({{"x", rules}});
  submit();
  store_.answer_next_after(seconds(1));  // the claim
  time_.pass(Milliseconds(1));
  for (int i = 0; i < 3; ++i) submit();
  time_.pass(seconds(30));
  EXPECT_EQ(store_.counts().value().processing, 0);
}

}  // namespace
}  // namespace llmspool::simulation
