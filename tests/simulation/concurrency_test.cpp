// SPDX-License-Identifier: MIT
// How much a backend is given at once, however much waits.
#include <algorithm>

#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using std::chrono::minutes;
using std::chrono::seconds;

class ConcurrencyScenario : public Scenario {
 protected:
  // Backend "x", which takes three at once and so many for its first model.
  void start_for_three(const std::vector<std::string>& models = {}, int of_the_first = 1) {
    have_backend(
        [this](const GenerateRequest& request, Sink& sink) { return count(request, sink); }, 3, "x",
        models);
    config::Backend rules;
    if (!models.empty()) rules.model_concurrency = {{models.front(), of_the_first}};
    start({{"x", rules}});
  }
  void submit_some(const std::vector<std::string>& models = {""}) {
    for (int i = 0; i < 8; ++i)
      for (const auto& model : models)
        submit([&](auto& submission) { submission.job.model = model; });
    time_.pass(minutes(1));
  }

  int most_calls_ = 0;  // at once
  std::map<std::string, int> most_of_model_;
  std::int64_t most_jobs_ = 0;

 private:
  Ending count(const GenerateRequest& request, Sink& sink) {
    int& calls_of_model = calls_of_model_[request.model];
    most_calls_ = std::max(most_calls_, ++calls_);
    int& most_of_model = most_of_model_[request.model];
    most_of_model = std::max(most_of_model, ++calls_of_model);
    most_jobs_ = std::max(most_jobs_, store_.counts().value().processing);
    time_.sleep(seconds(1));
    auto ending = say(sink);
    --calls_;
    --calls_of_model;
    return ending;
  }

  int calls_ = 0;
  std::map<std::string, int> calls_of_model_;
};

TEST_F(ConcurrencyScenario, ABackendRunsNoMoreJobsThanItTakes) {
  start_for_three();
  submit_some();
  EXPECT_EQ(most_jobs_, 3);
}

TEST_F(ConcurrencyScenario, ABackendRunsNoMoreJobsThanItTakesWhileAClaimIsUnderWay) {
  start_for_three();
  submit();
  store_.answer_next_after(seconds(1));  // the claim
  time_.pass(Milliseconds(1));
  submit_some();
  EXPECT_EQ(most_jobs_, 3);
}

TEST_F(ConcurrencyScenario, ABackendIsAskedForNoMoreStepsThanItTakes) {
  start_for_three();
  for (int i = 0; i < 8; ++i) submit_chain();  // two steps of each side by side
  time_.pass(minutes(1));
  EXPECT_EQ(most_calls_, 3);
}

TEST_F(ConcurrencyScenario, ABackendIsAskedForNoMoreStepsThanItTakesAfterThoseOfOptimizers) {
  have_optimizer([](const plugin::Generate&, plugin::OptimizeResult& result) {
    result.documents["text"] = "Better";
    return Ending{};
  });
  start_for_three();
  for (int i = 0; i < 3; ++i) submit_to_pipeline("polish");
  time_.pass(minutes(1));
  for (int i = 0; i < 8; ++i) submit_chain();
  time_.pass(minutes(1));
  EXPECT_EQ(most_calls_, 3);
}

TEST_F(ConcurrencyScenario, AModelRunsNoMoreJobsThanItMay) {
  start_for_three({"large", "small"});
  submit_some({"large", "small"});
  EXPECT_EQ(most_of_model_["large"], 1);
}

TEST_F(ConcurrencyScenario, AModelRunsAsManyJobsAsItMay) {
  start_for_three({"large", "small"}, 2);
  submit_some({"large", "small"});
  EXPECT_EQ(most_of_model_["large"], 2);
}

TEST_F(ConcurrencyScenario, JobsForAnotherModelRunBesideOneThatIsFull) {
  start_for_three({"large", "small"});
  submit_some({"large", "small"});
  EXPECT_EQ(most_calls_, 3);
}

TEST_F(ConcurrencyScenario, AJobWithoutAModelCountsForTheDefaultOne) {
  start_for_three({"large"});
  submit_some({"", "large"});
  EXPECT_EQ(most_calls_, 1);
}

TEST_F(ConcurrencyScenario, AJobWithoutAModelCountsForADefaultThatIsKnownLater) {
  knows_models_ = [] { return false; };
  start_for_three({"large"});
  for (int i = 0; i < 2; ++i) submit();  // side by side, since nobody knows better
  time_.pass(Milliseconds(500));
  knows_models_ = [] { return true; };
  spool_->resume();
  for (int i = 0; i < 8; ++i) submit([](auto& submission) { submission.job.model = "large"; });
  time_.pass(seconds(1));
  most_calls_ = 0;
  time_.pass(minutes(1));
  EXPECT_EQ(most_calls_, 1);
}

}  // namespace
}  // namespace llmspool::simulation
