// SPDX-License-Identifier: MIT
// Every command in every state, then what each does in detail.
#include "job/transition.hpp"

#include <gmock/gmock.h>

#include <array>
#include <set>

#include "base/limits.hpp"

namespace llmspool::job {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kNow{1'000'000ms};

Failure unreachable() {
  return {"backend_failed", "The backend cannot be reached.", "answer", 0, true};
}

Job job_in(Status status) {
  Job job{.id = 42, .status = status, .owner = "alice"};
  job.backends = {"llamacpp", "ollama"};
  job.backend = "llamacpp";
  job.fence = 7;
  job.seq = 10;
  job.created_at = Time(1ms);
  if (status == Status::processing) {
    job.attempt = 1;
    job.progress = 30;
    job.current_step = "answer";
    job.message = "Answering";
    job.started_at = Time(2ms);
  }
  if (ended(status)) job.completed_at = Time(3ms);
  return job;
}

Transition done(const Job& job, const Command& command) {
  auto transition = apply(job, command, kNow);
  EXPECT_TRUE(transition.has_value()) << transition.error().message;
  return transition ? *transition : Transition{};
}

std::vector<std::string> types_of(const Transition& transition) {
  std::vector<std::string> types;
  for (const Event& event : transition.events) types.push_back(event.type);
  return types;
}

// What a command makes of a job in each state, in the order of Status: a state's word, "same"
// where nothing happens, "-" where it is refused.
struct Row {
  std::string name;
  Command command;
  std::array<std::string, 6> becomes;
};

std::vector<Row> table() {
  // clang-format off
  return {
      //                                          held         pending       processing    completed  failed     cancelled
      {"Start", Start{"llamacpp"},              {"-",         "processing", "-",          "-",       "-",       "-"}},
      {"Report", Report{50, "answer", "Half"},  {"-",         "-",          "processing", "-",       "-",       "-"}},
      {"Append", Append{"answer", "Hello"},     {"-",         "-",          "processing", "-",       "-",       "-"}},
      {"FinishStep", FinishStep{},              {"-",         "-",          "processing", "-",       "-",       "-"}},
      {"Complete", Complete{},                  {"-",         "-",          "completed",  "-",       "-",       "-"}},
      {"Fail", Fail{unreachable()},             {"-",         "-",          "failed",     "-",       "-",       "-"}},
      {"Retry", Retry{unreachable(), 1s, "b"},  {"-",         "-",          "pending",    "-",       "-",       "-"}},
      {"PutBack", PutBack{},                    {"-",         "-",          "pending",    "-",       "-",       "-"}},
      {"Interrupt", Interrupt{},                {"-",         "-",          "pending",    "-",       "-",       "-"}},
      {"HoldRunning", HoldRunning{unreachable()}, {"-",         "-",          "held",       "-",       "-",       "-"}},
      {"Divert", Divert{"ollama"},              {"-",         "pending",    "-",          "-",       "-",       "-"}},
      {"Cancel", Cancel{},                      {"cancelled", "cancelled",  "cancelled",  "-",       "-",       "same"}},
      {"Hold", Hold{},                          {"same",      "held",       "-",          "-",       "-",       "-"}},
      {"Release", Release{},                    {"pending",   "same",       "-",          "-",       "-",       "-"}},
      {"Restart", Restart{},                    {"-",         "-",          "-",          "pending", "pending", "pending"}},
      {"Change", Change{.priority = 60},        {"held",      "pending",    "-",          "-",       "-",       "-"}},
      {"Supersede", Supersede{43},              {"cancelled", "cancelled",  "cancelled",  "-",       "-",       "-"}},
      {"Expire", Expire{},                      {"failed",    "failed",     "failed",     "-",       "-",       "-"}},
      {"Abandon", Abandon{41, Status::failed},  {"failed",    "failed",     "-",          "-",       "-",       "-"}},
  };
  // clang-format on
}

TEST(TransitionTable, NamesEveryCommand) {
  std::set<std::size_t> alternatives;
  for (const Row& row : table()) alternatives.insert(row.command.index());
  EXPECT_EQ(alternatives.size(), std::variant_size_v<Command>);
}

TEST(TransitionTable, HoldsForEveryCommandInEveryState) {
  for (const Row& row : table()) {
    for (std::size_t at = 0; at < row.becomes.size(); ++at) {
      const Job before = job_in(static_cast<Status>(at));
      SCOPED_TRACE(row.name + " while " + std::string(to_string(before.status)));
      const auto transition = apply(before, row.command, kNow);
      if (row.becomes[at] == "-") {
        ASSERT_FALSE(transition.has_value());
        EXPECT_EQ(transition.error().code, Code::conflict);
        EXPECT_THAT(transition.error().message, testing::MatchesRegex("Job 42 [^:]+: .+\\."));
        continue;
      }
      ASSERT_TRUE(transition.has_value()) << transition.error().message;
      if (row.becomes[at] == "same") {
        EXPECT_THAT(transition->events, IsEmpty());
        EXPECT_EQ(to_json(transition->job), to_json(before));
        continue;
      }
      EXPECT_EQ(to_string(transition->job.status), row.becomes[at]);
      // Each change leaves events, numbered on from the last without a gap, and a sentence.
      Seq seq = before.seq;
      for (const Event& event : transition->events) {
        EXPECT_EQ(event.seq, ++seq);
        EXPECT_EQ(event.job_id, 42);
        EXPECT_EQ(event.at, kNow);
      }
      EXPECT_GT(seq, before.seq);
      EXPECT_EQ(transition->job.seq, seq);
      EXPECT_EQ(transition->job.completed_at.has_value(), ended(transition->job.status));
    }
  }
}

TEST(Transition, KeepsTheErrorOfEveryAttempt) {
  Job job = job_in(Status::processing);
  job.attempt = 1;
  job = done(job, Retry{unreachable(), 1s, "ollama"}).job;
  job = done(job, Start{"ollama"}).job;
  job = done(job, Fail{{.code = "timeout", .detail = "Slow."}}).job;
  ASSERT_EQ(job.failures.size(), 2U);
  EXPECT_EQ(job.failures[0].attempt, 1);
  EXPECT_EQ(job.failures[0].backend, "llamacpp");
  EXPECT_EQ(job.failures[0].detail, "The backend cannot be reached.");
  EXPECT_EQ(job.failures[1].attempt, 2);
  EXPECT_EQ(job.failures[1].backend, "ollama");
  EXPECT_EQ(job.failures[1].code, "timeout");
  EXPECT_EQ(job.failures[1].at, kNow);
  EXPECT_THAT(done(job, Restart{}).job.failures, IsEmpty());
}

TEST(Transition, BlamesNoAttemptForWhatHappensToAWaitingJob) {
  EXPECT_THAT(done(job_in(Status::pending), Expire{}).job.failures, IsEmpty());
}

TEST(Transition, WaitsForAnotherBackendWithoutUsingUpAnAttempt) {
  const Transition diverted = done(job_in(Status::pending), Divert{"ollama"});
  EXPECT_EQ(diverted.job.backend, "ollama");
  EXPECT_EQ(diverted.job.attempt, 0);
  EXPECT_THAT(types_of(diverted), ElementsAre("moved"));
}

TEST(Transition, TellsWhichJobReplacesIt) {
  const Transition replaced = done(job_in(Status::processing), Supersede{43});
  EXPECT_EQ(replaced.job.message, "Replaced by job 43");
  EXPECT_EQ(replaced.events.at(0).data.at("superseded_by"), "43");
  EXPECT_GT(replaced.job.fence, job_in(Status::processing).fence);
}

TEST(Transition, MovesToTheFirstOfItsNewBackends) {
  const Transition moved =
      done(job_in(Status::held), Change{.backends = {{"gemini", "echo"}}, .model = "small"});
  EXPECT_EQ(moved.job.backend, "gemini");
  EXPECT_EQ(moved.job.backends, (std::vector<std::string>{"gemini", "echo"}));
  EXPECT_EQ(moved.job.model, "small");
  EXPECT_EQ(moved.events.at(0).data.at("backend"), "gemini");
}

TEST(Transition, WaitsForItsTurnFromWhenItCouldRun) {
  Job job{.id = 1, .owner = "alice"};
  EXPECT_EQ(create(job, false, kNow).job.queued_at, kNow);
  job.not_before = kNow + 5s;
  job = create(job, false, kNow).job;
  EXPECT_EQ(job.queued_at, kNow + 5s);
  EXPECT_EQ(done(job, Change{.not_before = std::optional(kNow + 9s)}).job.queued_at, kNow + 9s);
  EXPECT_EQ(done(job, Change{.not_before = std::optional<Time>()}).job.queued_at, kNow);
  EXPECT_EQ(done(job_in(Status::failed), Restart{}).job.queued_at, kNow);
}

TEST(Transition, GoesBeforeNobodyForATimeThatHasPassed) {
  const Job job{.id = 1, .owner = "alice", .not_before = kNow - 5s};
  EXPECT_EQ(create(job, false, kNow).job.queued_at, kNow);
}

TEST(Transition, KeepsItsPlaceWhereItNeedNotWaitForATime) {
  Job job = job_in(Status::pending);
  job.queued_at = kNow - 1h;
  job.not_before = kNow - 1h;
  EXPECT_EQ(done(job, Change{.not_before = std::optional<Time>()}).job.queued_at, kNow - 1h);
}

TEST(Transition, SaysWhyItRefuses) {
  EXPECT_EQ(apply(job_in(Status::completed), Cancel{}, kNow).error().message,
            "Job 42 has already completed: there is nothing to cancel.");
  EXPECT_EQ(apply(job_in(Status::processing), Hold{}, kNow).error().message,
            "Job 42 is processing: only a pending job can be held.");
  EXPECT_EQ(apply(job_in(Status::held), Restart{}, kNow).error().message,
            "Job 42 is held: only a job that has ended can be run again.");
}

TEST(Create, MakesAPendingOrHeldJobWithItsFirstEvent) {
  Job asked{.id = 42, .owner = "alice"};
  asked.backends = {"ollama", "llamacpp"};
  const Transition pending = create(asked, false, kNow);
  EXPECT_EQ(pending.job.status, Status::pending);
  EXPECT_EQ(pending.job.message, "Waiting");
  EXPECT_EQ(pending.job.backend, "ollama");
  EXPECT_EQ(pending.job.created_at, kNow);
  EXPECT_EQ(pending.job.seq, 1);
  EXPECT_THAT(types_of(pending), ElementsAre("created"));
  EXPECT_EQ(pending.events[0].seq, 1);

  const Transition held = create(asked, true, kNow);
  EXPECT_EQ(held.job.status, Status::held);
  EXPECT_EQ(held.job.message, "Held until released");
}

TEST(Start, BeginsAnAttemptUnderANewFence) {
  const Transition started = done(job_in(Status::pending), Start{"ollama"});
  EXPECT_EQ(started.job.attempt, 1);
  EXPECT_EQ(started.job.fence, 8);
  EXPECT_EQ(started.job.backend, "ollama");
  EXPECT_EQ(started.job.message, "Starting on ollama");
  EXPECT_EQ(started.job.started_at, kNow);
  EXPECT_EQ(started.events[0].type, "started");
  EXPECT_EQ(started.events[0].data, (json::object{{"attempt", 1}, {"backend", "ollama"}}));
}

TEST(Start, GoesOnWithAnAttemptThatWasPutBack) {
  const Transition back = done(job_in(Status::processing), PutBack{});
  EXPECT_TRUE(back.job.resuming);
  EXPECT_EQ(back.job.progress, 30);
  EXPECT_EQ(back.job.interruptions, 0);
  EXPECT_EQ(back.events[0].data.at("message").as_string(), back.job.message);
  const Transition started = done(back.job, Start{"llamacpp"});
  EXPECT_EQ(started.job.attempt, 1);
  EXPECT_EQ(started.job.fence, 8);
  EXPECT_EQ(started.job.progress, 30);
  EXPECT_EQ(started.job.started_at, Time(2ms));
  EXPECT_FALSE(started.job.resuming);
}

TEST(Start, BeginsAtZeroAfterARetry) {
  const Transition retried =
      done(job_in(Status::processing), Retry{unreachable(), 1500ms, "ollama"});
  EXPECT_EQ(retried.job.progress, 30);
  const Transition started = done(retried.job, Start{"ollama"});
  EXPECT_EQ(started.job.attempt, 2);
  EXPECT_EQ(started.job.progress, 0);
  EXPECT_EQ(started.job.started_at, Time(2ms));
}

TEST(Start, IsAtNoStepAfterARetry) {
  const Job retried = done(job_in(Status::processing), Retry{unreachable(), 1s, "ollama"}).job;
  EXPECT_EQ(done(retried, Start{"ollama"}).job.current_step, "");
}

TEST(Report, NeverGoesBack) {
  const Transition reported =
      done(job_in(Status::processing), Report{10, "letter", "Writing", {{"letter", 4}}});
  EXPECT_EQ(reported.job.progress, 30);
  EXPECT_EQ(reported.job.current_step, "letter");
  EXPECT_EQ(reported.events[0].data, (json::object{{"progress", 30},
                                                   {"current_step", "letter"},
                                                   {"message", "Writing"},
                                                   {"steps", {{"letter", 4}}}}));
  EXPECT_EQ(done(job_in(Status::processing), Report{1000, "letter", ""}).job.progress, 100);
}

TEST(Report, IsSilentWhereNothingChanged) {
  EXPECT_THAT(done(job_in(Status::processing), Report{30, "answer", "Answering"}).events,
              IsEmpty());
  EXPECT_THAT(done(job_in(Status::processing), Report{20, "answer", "Answering"}).events,
              IsEmpty());
}

TEST(Append, IsADelta) {
  const Transition appended = done(job_in(Status::processing), Append{"answer", "Hello"});
  EXPECT_THAT(types_of(appended), ElementsAre("delta"));
  EXPECT_EQ(appended.events[0].data, (json::object{{"step", "answer"}, {"text", "Hello"}}));
}

TEST(FinishStep, CountsItsWorkAndTellsOfItsFiles) {
  Job job = job_in(Status::processing);
  job.interruptions = 3;
  job.usage = {10, 1};
  FinishStep finish{.progress = 60, .message = "Writing"};
  finish.result = {.step = "answer", .usage = {5, 2}};
  finish.files = {{"cv.md", "cv", "text/markdown", "# CV"}, {"a.json", "answers", "", "{}"}};
  finish.hoisted = {{"ats_score", 87}};
  const Transition finished = done(job, finish);
  EXPECT_EQ(finished.job.progress, 60);
  EXPECT_EQ(finished.job.message, "Writing");
  EXPECT_EQ(finished.job.interruptions, 0);
  EXPECT_EQ(finished.job.usage.prompt_tokens, 15);
  EXPECT_EQ(finished.job.usage.completion_tokens, 3);
  EXPECT_EQ(finished.job.hoisted.at("ats_score"), 87);
  EXPECT_THAT(types_of(finished), ElementsAre("progress", "file", "file"));
  EXPECT_EQ(finished.events[1].data,
            (json::object{{"filename", "cv.md"}, {"role", "cv"}, {"size", 4}}));
}

TEST(FinishStep, IsNoWorkWhereTheStepIsSkipped) {
  FinishStep finish{.progress = 60};
  finish.result = {.step = "letter", .skipped = true};
  const Transition finished = done(job_in(Status::processing), finish);
  EXPECT_EQ(finished.events.at(0).data.at("steps"), json::object());
}

TEST(Complete, KeepsTheOutput) {
  const Transition completed = done(job_in(Status::processing), Complete{"Dear Sir"});
  EXPECT_EQ(completed.job.progress, 100);
  EXPECT_EQ(completed.job.message, "Done");
  EXPECT_EQ(completed.job.output, "Dear Sir");
  EXPECT_EQ(completed.job.completed_at, kNow);
  EXPECT_THAT(types_of(completed), ElementsAre("completed"));
}

TEST(Complete, IsAtNoStepAnyMore) {
  EXPECT_EQ(done(job_in(Status::processing), Complete{}).job.current_step, "");
}

TEST(Fail, SaysWhy) {
  const Transition failed = done(job_in(Status::processing), Fail{unreachable()});
  ASSERT_TRUE(failed.job.failure);
  EXPECT_EQ(failed.job.failure->code, "backend_failed");
  EXPECT_EQ(failed.job.failure->attempt, 1);
  EXPECT_EQ(failed.job.progress, 30);
  EXPECT_EQ(failed.events[0].data.at("error"), "The backend cannot be reached.");
  EXPECT_EQ(failed.events[0].data.at("error_info"), to_json(*failed.job.failure));
}

TEST(Retry, WaitsForTheNextAttempt) {
  const Transition retried =
      done(job_in(Status::processing), Retry{unreachable(), 1500ms, "ollama"});
  EXPECT_EQ(retried.job.pause, (Pause{kNow, kNow + 1500ms}));
  EXPECT_EQ(retried.job.not_before, std::nullopt);
  EXPECT_EQ(retried.job.backend, "ollama");
  EXPECT_FALSE(retried.job.failure);
  EXPECT_FALSE(retried.job.resuming);
  EXPECT_EQ(retried.job.message, "Waiting for attempt 2 of 3: The backend cannot be reached.");
  EXPECT_EQ(retried.events[0].type, "retrying");
  EXPECT_EQ(retried.events[0].data,
            (json::object{{"in_seconds", 2}, {"error", "The backend cannot be reached."}}));
}

TEST(Retry, AtOnceIsNoPause) {
  const Transition retried = done(job_in(Status::processing), Retry{unreachable(), 0s, "ollama"});
  EXPECT_EQ(retried.job.pause, std::nullopt);
}

TEST(Retry, LeavesTheTimeThatTheJobWasGiven) {
  Job job = job_in(Status::processing);
  job.not_before = kNow - 1h;
  EXPECT_EQ(done(job, Retry{unreachable(), 1s, "ollama"}).job.not_before, kNow - 1h);
}

TEST(Pause, EndsWithTheNextAttempt) {
  const Job paused = done(job_in(Status::processing), Retry{unreachable(), 1s, "ollama"}).job;
  EXPECT_EQ(done(paused, Start{"ollama"}).job.pause, std::nullopt);
  EXPECT_EQ(done(paused, Cancel{}).job.pause, std::nullopt);
}

TEST(Pause, EndsWhereAPersonSaysWhenOrWhereToStart) {
  const Job paused = done(job_in(Status::processing), Retry{unreachable(), 1s, "ollama"}).job;
  Change now, move;
  now.not_before = std::optional<Time>();
  move.backends = {"other"};
  EXPECT_EQ(done(paused, now).job.pause, std::nullopt);
  EXPECT_EQ(done(paused, move).job.pause, std::nullopt);
  EXPECT_EQ(done(paused, Change{.priority = 1}).job.pause, paused.pause);
}

TEST(Retry, FailsAfterTheLastAttempt) {
  Job job = job_in(Status::processing);
  job.attempt = job.max_attempts;
  const Transition retried = done(job, Retry{unreachable(), 1s, "ollama"});
  EXPECT_EQ(retried.job.status, Status::failed);
  EXPECT_EQ(retried.job.backend, "llamacpp");
  EXPECT_EQ(retried.job.failure->code, "backend_failed");
  EXPECT_EQ(retried.job.failure->attempt, 3);
  EXPECT_THAT(types_of(retried), ElementsAre("failed"));
}

TEST(Interrupt, IsForgivenOnlySoOften) {
  Job job = job_in(Status::processing);
  for (int time = 1; time <= limits::kInterruptionsMax; ++time) {
    const Transition back = done(job, Interrupt{});
    ASSERT_EQ(back.job.status, Status::pending);
    EXPECT_EQ(back.job.interruptions, time);
    EXPECT_TRUE(back.job.resuming);
    EXPECT_THAT(types_of(back), ElementsAre("requeued"));
    job = done(back.job, Start{"llamacpp"}).job;
    EXPECT_EQ(job.attempt, 1);
  }
  const Transition blamed = done(job, Interrupt{});
  EXPECT_EQ(blamed.job.status, Status::failed);
  EXPECT_EQ(blamed.job.failure->code, "interrupted");
  EXPECT_EQ(blamed.job.failure->step, "answer");
  EXPECT_THAT(blamed.job.failure->detail, HasSubstr("11 times"));
}

TEST(Interrupt, IsForgottenWhereTheDaemonOutlivesAnAttempt) {
  Job job = job_in(Status::processing);
  job.interruptions = 3;
  for (const Command& outlived : {Command(PutBack{}), Command(Retry{unreachable(), 1s, "llamacpp"}),
                                  Command(HoldRunning{unreachable()})})
    EXPECT_EQ(done(job, outlived).job.interruptions, 0);
}

TEST(HoldRunning, TellsThePersonWhatToLookAt) {
  const Transition held = done(job_in(Status::processing), HoldRunning{unreachable()});
  EXPECT_EQ(held.job.message, "The backend cannot be reached.");
  EXPECT_EQ(held.events[0].type, "held");
  EXPECT_EQ(held.events[0].data.at("reason"), "The backend cannot be reached.");
  ASSERT_THAT(held.job.failures, SizeIs(1));
  EXPECT_EQ(held.job.failures[0].detail, "The backend cannot be reached.");
  const Transition released = done(held.job, Release{});
  EXPECT_THAT(types_of(released), ElementsAre("released"));
  EXPECT_EQ(released.job.message, "Waiting");
}

TEST(HoldRunning, IsFollowedByAnotherAttemptThoughAllWereUsedUp) {
  Job job = job_in(Status::processing);
  job.attempt = job.max_attempts;
  const Transition released = done(done(job, HoldRunning{unreachable()}).job, Release{});
  const Job again = done(released.job, Start{"llamacpp"}).job;
  EXPECT_EQ(again.attempt, job.attempt + 1);
  EXPECT_EQ(again.max_attempts, again.attempt);
}

TEST(HoldRunning, GivesUpOnNoBackend) {
  Failure needs_a_person = unreachable();
  needs_a_person.retryable = false;
  const Transition held = done(job_in(Status::processing), HoldRunning{needs_a_person});
  ASSERT_THAT(held.job.failures, SizeIs(1));
  EXPECT_TRUE(held.job.failures[0].retryable);
}

TEST(Hold, LetsAnInterruptedAttemptGoOnLater) {
  const Transition held = done(done(job_in(Status::processing), PutBack{}).job, Hold{});
  EXPECT_EQ(held.job.message, "Held until released");
  const Transition released = done(held.job, Release{});
  EXPECT_EQ(done(released.job, Start{"llamacpp"}).job.attempt, 1);
}

TEST(Hold, TakesNoAttemptAwayAndGivesNone) {
  EXPECT_EQ(done(job_in(Status::held), Release{}).job.max_attempts, 3);
  Job job = job_in(Status::processing);
  job.attempt = job.max_attempts;
  const Job held = done(done(job, PutBack{}).job, Hold{}).job;
  EXPECT_EQ(done(held, Release{}).job.max_attempts, 3);
}

TEST(Cancel, DisownsARun) {
  const Transition cancelled = done(job_in(Status::processing), Cancel{});
  EXPECT_EQ(cancelled.job.fence, 8);
  EXPECT_EQ(cancelled.job.completed_at, kNow);
  EXPECT_THAT(types_of(cancelled), ElementsAre("cancelled"));
}

TEST(Restart, BeginsFromNothingButTheInputs) {
  Job job = job_in(Status::failed);
  job.backend = "ollama";
  job.attempt = 3;
  job.progress = 80;
  job.current_step = "letter";
  job.interruptions = 2;
  job.usage = {1, 1};
  job.output = "text";
  job.failure = unreachable();
  job.hoisted = {{"ats_score", 1}};
  job.started_at = Time(2ms);
  job.not_before = kNow + 1h;
  job.labels = {{"batch", "spring"}};
  const Job restarted = done(job, Restart{}).job;
  Job expected = job_in(Status::pending);
  expected.labels = job.labels;
  expected.fence = 8;
  expected.seq = 11;
  expected.message = "Waiting to run again";
  EXPECT_EQ(to_json(restarted), to_json(expected));
  EXPECT_EQ(restarted.fence, 8);
  EXPECT_EQ(restarted.interruptions, 0);
  EXPECT_FALSE(restarted.failure);
}

TEST(Restart, BeginsWithTheCandidateThatIsNamed) {
  Job job = job_in(Status::failed);
  job.backends = {"llamacpp", "ollama"};
  job.backend = "ollama";
  EXPECT_EQ(done(job, Restart{}).job.backend, "llamacpp");
  EXPECT_EQ(done(job, Restart{"ollama"}).job.backend, "ollama");
}

TEST(Restart, ForgetsADeadlineThatHasPassed) {
  Job job = job_in(Status::failed);
  job.deadline = kNow;
  EXPECT_EQ(done(job, Restart{}).job.deadline, std::nullopt);
  job.deadline = kNow + 1ms;
  EXPECT_EQ(done(job, Restart{}).job.deadline, kNow + 1ms);
}

TEST(Change, TellsWhatChanged) {
  Change change{.priority = 60};
  change.labels = std::map<std::string, std::string>{{"batch", "spring"}};
  change.not_before = kNow + 1s;
  const Transition changed = done(job_in(Status::held), change);
  EXPECT_EQ(changed.job.priority, 60);
  EXPECT_EQ(changed.job.labels.at("batch"), "spring");
  EXPECT_EQ(changed.job.not_before, kNow + 1s);
  EXPECT_EQ(changed.events[0].data, (json::object{{"priority", 60},
                                                  {"labels", {{"batch", "spring"}}},
                                                  {"not_before", "1970-01-01T00:16:41.000Z"}}));
  EXPECT_THAT(done(changed.job, change).events, IsEmpty());

  Change at_once;
  at_once.not_before = std::optional<Time>();
  const Transition cleared = done(changed.job, at_once);
  EXPECT_EQ(cleared.job.not_before, std::nullopt);
  EXPECT_TRUE(cleared.events[0].data.at("not_before").is_null());
}

TEST(Change, MovesToTheCandidateThatIsNamed) {
  Change move;
  move.backends = {"gemini", "ollama"};
  EXPECT_EQ(done(job_in(Status::held), move).job.backend, "gemini");
  move.backend = "ollama";
  EXPECT_EQ(done(job_in(Status::held), move).job.backend, "ollama");
}

TEST(Expire, NamesTheDeadlineAndDisownsARun) {
  Job job = job_in(Status::processing);
  job.deadline = kNow;
  const Transition expired = done(job, Expire{});
  EXPECT_EQ(expired.job.failure->code, "expired");
  EXPECT_THAT(expired.job.failure->detail, HasSubstr("1970-01-01T00:16:40.000Z"));
  EXPECT_EQ(expired.job.fence, 8);
}

TEST(Abandon, NamesTheJobThatDidNotComplete) {
  const Transition failed = done(job_in(Status::pending), Abandon{41, Status::failed});
  EXPECT_EQ(failed.job.failure->code, "dependency_failed");
  EXPECT_EQ(failed.job.failure->detail, "Job 41, which it was to follow, failed.");
  EXPECT_EQ(done(job_in(Status::held), Abandon{41, Status::cancelled}).job.failure->detail,
            "Job 41, which it was to follow, was cancelled.");
}

}  // namespace
}  // namespace llmspool::job
