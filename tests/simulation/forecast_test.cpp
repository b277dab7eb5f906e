// SPDX-License-Identifier: MIT
// Where a job stands in the queue and when it is expected to end.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::JobId;
using plugin::Ending;
using plugin::GenerateRequest;
using plugin::Sink;
using plugin::Verdict;
using spool::Switch;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Ge;

class ForecastScenario : public Scenario {
 protected:
  Ending take_ten_seconds() {
    time_.sleep(seconds(10));
    return {};
  }
  // Backend "x", whose first job has taken ten seconds. Later ones do so too, unless `later` says
  // what they do.
  void start_known(int concurrency = 1, ScriptedBackend::Script later = {}) {
    have_backend(
        [this, later = std::move(later)](const GenerateRequest& request, Sink& sink) {
          return later && asked_.size() > 1 ? later(request, sink) : take_ten_seconds();
        },
        concurrency);
    start();
    submit();
    time_.pass(seconds(11));
  }
  // Backend "x" with the models "a", its default one, and "b"; a job takes ten seconds.
  void have_two_models(int concurrency) {
    have_backend([this](const GenerateRequest&, Sink&) { return take_ten_seconds(); }, concurrency,
                 "x", {"a", "b"});
  }
  JobId submit_for(const std::string& model) {
    return submit([&](spool::Submission& submission) { submission.job.model = model; });
  }
  // What is told of a job in the answer to its submit.
  job::Outlook first_outlook(const std::function<void(spool::Submission&)>& change = {}) {
    return spool_->outlook(job(submit(change)));
  }
  std::vector<JobId> submit_several(int count, const std::string& owner = "alice") {
    std::vector<JobId> ids;
    for (int i = 0; i < count; ++i) ids.push_back(submit({}, owner));
    return ids;
  }
  job::Outlook outlook(JobId id) {
    return spool_->outlook(spool_->get({"root", true}, id).value());
  }
  // -1: it is not told.
  std::vector<std::int64_t> positions(const std::vector<JobId>& ids) {
    std::vector<std::int64_t> all;
    for (const JobId id : ids) all.push_back(outlook(id).queue_position.value_or(-1));
    return all;
  }
  std::vector<std::int64_t> etas(const std::vector<JobId>& ids) {
    std::vector<std::int64_t> all;
    for (const JobId id : ids) all.push_back(outlook(id).eta_seconds.value_or(-1));
    return all;
  }
};

TEST_F(ForecastScenario, GivesAPlaceToWhatWaits) {
  start_known();
  const auto ids = submit_several(3);
  time_.pass(Milliseconds(100));
  EXPECT_THAT(positions(ids), ElementsAre(-1, 1, 2));
}

TEST_F(ForecastScenario, GivesAPlaceToWhatHasJustCome) {
  start_known();
  submit_several(3);
  time_.pass(seconds(1));
  const auto with_priority = [](int priority) {
    return [priority](spool::Submission& submission) { submission.job.priority = priority; };
  };
  EXPECT_EQ(first_outlook(), (job::Outlook{.queue_position = 3, .eta_seconds = 39}));
  EXPECT_EQ(first_outlook(), (job::Outlook{.queue_position = 4, .eta_seconds = 49}));
  EXPECT_EQ(first_outlook(with_priority(90)).queue_position, 1);
  EXPECT_EQ(first_outlook(with_priority(80)).queue_position, 2);
  EXPECT_EQ(first_outlook().queue_position, 7);
  EXPECT_FALSE(
      first_outlook([](auto& submission) { submission.delay_seconds = 9; }).queue_position);
}

TEST_F(ForecastScenario, TakesThoseFarBehindForNoNewcomers) {
  start_known();
  set_switch(Switch::paused, "x", true);
  const auto of_alice = submit_several(1200);
  time_.pass(minutes(5));
  submit_several(1200, "bob");
  time_.pass(seconds(10));
  EXPECT_THAT(positions({of_alice.back()}), ElementsAre(Ge(1900)));
}

TEST_F(ForecastScenario, PutsNobodyBehindThoseThatHaveBegunSinceTheLook) {
  start_known(3);
  submit_several(3);
  time_.pass(Milliseconds(100));
  EXPECT_EQ(first_outlook().queue_position, 1);
}

TEST_F(ForecastScenario, PutsNobodyBehindThoseThatHaveLeftSinceTheLook) {
  start_known();
  set_switch(Switch::paused, "x", true);
  for (const JobId id : submit_several(3))
    spool_->command({"root", true}, id, job::Cancel{}, [](const auto&) {});
  time_.pass(Milliseconds(100));
  EXPECT_EQ(first_outlook().queue_position, 1);
}

TEST_F(ForecastScenario, TellsWhenEachWillHaveEnded) {
  start_known();
  const auto ids = submit_several(3);
  time_.pass(Milliseconds(100));
  EXPECT_THAT(etas(ids), ElementsAre(10, 20, 30));
}

TEST_F(ForecastScenario, TakesAsMuchTogetherAsTheBackendDoes) {
  start_known(2);
  const auto ids = submit_several(5);
  time_.pass(Milliseconds(100));
  EXPECT_THAT(etas(ids), ElementsAre(10, 10, 20, 20, 30));
}

TEST_F(ForecastScenario, LetsOwnersTakeTurns) {
  start_known();
  submit();
  const auto of_alice = submit_several(3);
  const auto of_bob = submit_several(2, "bob");
  time_.pass(Milliseconds(100));
  EXPECT_THAT(positions(of_alice), ElementsAre(1, 3, 5));
  EXPECT_THAT(positions(of_bob), ElementsAre(2, 4));
}

TEST_F(ForecastScenario, TellsTheOrderInWhichJobsDoBegin) {
  start_known();
  submit_several(4);
  submit_several(2, "bob");
  time_.pass(Milliseconds(100));
  const auto upcoming = spool_->upcoming({"root", true}, 10).value();
  std::vector<JobId> foretold;
  for (const auto& each : upcoming) foretold.push_back(each.id);
  time_.pass(minutes(2));
  auto begun = asked_jobs();
  begun.erase(begun.begin());  // from which it has learned
  EXPECT_EQ(foretold, begun);
}

TEST_F(ForecastScenario, ListsThoseThatWaitForATimeOrForOthersLast) {
  start_known();
  const auto runs = submit();
  const auto follows = submit([&](auto& submission) { submission.job.after = {runs}; });
  const auto later = submit([](auto& submission) { submission.delay_seconds = 200; });
  const auto soon = submit([](auto& submission) { submission.delay_seconds = 100; });
  const auto waits = submit();
  time_.pass(Milliseconds(100));
  const auto upcoming = spool_->upcoming({"root", true}, 10).value();
  std::vector<JobId> listed;
  for (const auto& each : upcoming) listed.push_back(each.id);
  EXPECT_THAT(listed, ElementsAre(runs, waits, soon, later, follows));
  EXPECT_EQ(spool_->upcoming({"root", true}, 3).value().size(), 3);
}

TEST_F(ForecastScenario, JudgesARunningJobByWhatItHasDoneToo) {
  start_known(1, [this](const GenerateRequest&, Sink& sink) {
    sink.progress(LLMSPOOL_PHASE_WORK, 50, 100);
    time_.sleep(hours(1));
    return Ending{};
  });
  const auto ids = submit_several(2);
  time_.pass(seconds(16));
  // It has been expected to be done by now, so that its own pace alone counts.
  EXPECT_THAT(etas(ids), ElementsAre(16, 26));
}

TEST_F(ForecastScenario, ExpectsOfASecondAttemptAsMuchAsOfAFirst) {
  start_known(1, [this](const GenerateRequest& request, Sink&) {
    if (request.attempt > 1) return take_ten_seconds();
    time_.sleep(seconds(9));
    return failure(Verdict::retry_later);
  });
  const auto again = submit();
  time_.pass(seconds(11));
  ASSERT_EQ(job(again).attempt, 2);
  EXPECT_THAT(etas({again}), ElementsAre(Ge(8)));
}

TEST_F(ForecastScenario, ExpectsOfAPipelineWhatItTakes) {
  start_known();
  submit_chain();
  time_.pass(minutes(2));
  submit();
  const auto chain = submit_chain();
  time_.pass(Milliseconds(100));
  EXPECT_THAT(etas({chain}), ElementsAre(Ge(10 + 20)));
}

TEST_F(ForecastScenario, ExpectsTheLoadedModelToGoFirstForAWhile) {
  have_two_models(1);
  start();
  submit_for("a");
  time_.pass(seconds(11));
  submit_for("a");
  const auto other = submit_for("b");
  std::vector<JobId> same;
  for (int i = 0; i < 6; ++i) same.push_back(submit_for("a"));
  time_.pass(Milliseconds(100));
  EXPECT_THAT(positions({other}), ElementsAre(4));
  EXPECT_THAT(positions(same), ElementsAre(1, 2, 3, 5, 6, 7));
  time_.pass(minutes(2));
  EXPECT_THAT(asked_jobs(),
              ElementsAre(1, 2, same[0], same[1], same[2], other, same[3], same[4], same[5]));
}

TEST_F(ForecastScenario, KnowsWhichModelJobsMeanThatNameNone) {
  have_two_models(1);
  start();
  submit_for("");
  time_.pass(seconds(11));
  std::vector<JobId> ids{submit_for("")};
  for (const auto* model : {"a", "a", "", ""}) ids.push_back(submit_for(model));
  time_.pass(Milliseconds(100));
  EXPECT_THAT(positions(ids), ElementsAre(-1, 1, 2, 3, 4));
}

TEST_F(ForecastScenario, KnowsHowManyJobsOfAModelRunAtOnce) {
  have_two_models(4);
  config::Backend rules;
  rules.model_concurrency["a"] = 1;
  start({{"x", rules}});
  submit_for("a");
  submit_for("b");
  time_.pass(seconds(11));
  std::vector<JobId> ids;
  for (const auto* model : {"a", "", "a", "b", "b"}) ids.push_back(submit_for(model));
  time_.pass(Milliseconds(100));
  EXPECT_THAT(etas(ids), ElementsAre(10, 20, 30, 10, 10));
}

TEST_F(ForecastScenario, RemembersWhoseTheLastTurnWas) {
  start_known();
  submit_several(4);
  time_.pass(seconds(5));
  const auto of_bob = submit({}, "bob");
  time_.pass(seconds(6));
  EXPECT_THAT(positions({of_bob}), ElementsAre(1));
}

TEST_F(ForecastScenario, KnowsHowManyRequestsAMinuteThereMayBe) {
  have_backend([this](const GenerateRequest&, Sink&) { return take_ten_seconds(); });
  config::Backend rules;
  rules.requests_per_minute = 2;
  start({{"x", rules}});
  submit();
  time_.pass(seconds(11));
  const auto ids = submit_several(4);
  time_.pass(Milliseconds(100));
  EXPECT_THAT(etas(ids), ElementsAre(10, 59, 69, 119));
}

TEST_F(ForecastScenario, AddsARestToNothingThatPassesMeanwhile) {
  start_known(1, [](const GenerateRequest&, Sink&) {
    return Ending{.verdict = Verdict::retry_later, .retry_after_seconds = 40};
  });
  submit();
  const auto delayed = submit([](auto& submission) { submission.delay_seconds = 100; });
  time_.pass(Milliseconds(100));
  EXPECT_EQ(outlook(delayed).eta_seconds, 110);
}

TEST_F(ForecastScenario, KnowsNoTimeBeforeAJobHasCompleted) {
  have_backend([this](const GenerateRequest&, Sink&) { return take_ten_seconds(); });
  start();
  const auto ids = submit_several(2);
  time_.pass(seconds(1));
  EXPECT_THAT(etas(ids), ElementsAre(-1, -1));
}

TEST_F(ForecastScenario, KnowsNoTimeWhileABackendIsPaused) {
  start_known();
  set_switch(Switch::paused, "x", true);
  const auto waits = submit();
  EXPECT_EQ(outlook(waits).queue_position, 1);
  EXPECT_FALSE(outlook(waits).eta_seconds);
}

TEST_F(ForecastScenario, KnowsNoTimeWhileAllIsPaused) {
  start_known();
  set_switch(Switch::paused, "", true);
  EXPECT_FALSE(outlook(submit()).eta_seconds);
}

TEST_F(ForecastScenario, KnowsNoTimeWhileABackendIsStopped) {
  start_known(1, [](const GenerateRequest&, Sink&) { return failure(Verdict::stop_queue); });
  const auto waits = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(outlook(waits).queue_position, 1);
  EXPECT_FALSE(outlook(waits).eta_seconds);
}

TEST_F(ForecastScenario, AddsTheTimeForWhichABackendRests) {
  start_known(1, [](const GenerateRequest&, Sink&) {
    return Ending{.verdict = Verdict::retry_later, .retry_after_seconds = 40};
  });
  submit();
  const auto waits = submit();
  time_.pass(Milliseconds(100));
  EXPECT_EQ(outlook(waits).eta_seconds, 50);
}

TEST_F(ForecastScenario, ExpectsADelayedJobAfterItsTime) {
  start_known();
  const auto delayed = submit([](auto& submission) { submission.delay_seconds = 100; });
  EXPECT_FALSE(outlook(delayed).queue_position);
  EXPECT_EQ(outlook(delayed).eta_seconds, 110);
}

TEST_F(ForecastScenario, EstimatesThePlacesOfThoseFarBehind) {
  start_known();
  set_switch(Switch::paused, "x", true);
  const auto ids = submit_several(1500);
  EXPECT_THAT(positions({ids[999], ids[1249], ids[1499]}), ElementsAre(1000, 1250, 1500));
  const auto follows = submit([](auto& submission) { submission.job.after = {1}; });
  time_.pass(seconds(2));
  EXPECT_THAT(positions({follows}), ElementsAre(1501)) << "the first has completed";
}

}  // namespace
}  // namespace llmspool::simulation
