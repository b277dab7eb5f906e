// SPDX-License-Identifier: MIT
// Which job goes next, where models, attempts and plugins have a say in it.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using plugin::GenerateRequest;
using plugin::Sink;
using plugin::Verdict;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

class TurnsScenario : public Scenario {
 protected:
  // Backend "x" with two models, whose jobs take ten seconds.
  void start_with_models() {
    have_backend(
        [this](const GenerateRequest&, Sink& sink) {
          time_.sleep(seconds(10));
          return say(sink);
        },
        1, "x", {"usual", "other"});
    start();
  }
  void submit_for(const std::string& model) {
    submit([&](auto& submission) { submission.job.model = model; });
  }
  std::vector<std::string> asked_models() const {
    std::vector<std::string> models;
    for (const Asked& asked : asked_) models.push_back(asked.request.model);
    return models;
  }
};

TEST_F(TurnsScenario, JobsForTheModelUsedLastGoFirst) {
  start_with_models();
  for (const auto* model : {"usual", "other", "usual"}) submit_for(model);
  time_.pass(minutes(1));
  EXPECT_THAT(asked_models(), ElementsAre("usual", "usual", "other"));
}

TEST_F(TurnsScenario, AJobWithoutAModelUsesTheDefaultOne) {
  start_with_models();
  for (const auto* model : {"", "other", "usual"}) submit_for(model);
  time_.pass(minutes(1));
  EXPECT_THAT(asked_models(), ElementsAre("", "usual", "other"));
}

TEST_F(TurnsScenario, AnotherModelWaitsNoLongerThanHalfAMinuteForThat) {
  start_with_models();
  for (const auto* model : {"usual", "other", "usual", "usual", "usual", "usual"})
    submit_for(model);
  time_.pass(minutes(2));
  EXPECT_THAT(asked_models(), ElementsAre("usual", "usual", "usual", "usual", "other", "usual"));
}

TEST_F(TurnsScenario, AJobThatIsTriedAgainKeepsItsPlace) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    if (asked_.size() == 1) return failure(Verdict::retry_later);
    time_.sleep(seconds(10));
    return say(sink);
  });
  start();
  const auto again = submit();
  const auto next = submit();
  const auto last = submit();
  time_.pass(minutes(1));
  EXPECT_THAT(asked_jobs(), ElementsAre(again, next, again, last));
}

}  // namespace
}  // namespace llmspool::simulation
