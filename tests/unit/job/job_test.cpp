// SPDX-License-Identifier: MIT
// A job's and an event's form on the wire.
#include "job/job.hpp"

#include <gmock/gmock.h>

namespace llmspool::job {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object) keys.emplace_back(key);
  return keys;
}

TEST(JobId, HasOneSpelling) {
  EXPECT_EQ(parse_id("42"), 42);
  EXPECT_EQ(parse_id("9223372036854775807"), 9223372036854775807);
  for (const char* wrong :
       {"", "0", "-1", "+1", " 1", "1 ", "042", "1.0", "0x1", "9223372036854775808", "a"})
    EXPECT_EQ(parse_id(wrong), std::nullopt) << wrong;
}

TEST(JobStatus, HasSixWords) {
  for (const char* word : {"held", "pending", "processing", "completed", "failed", "cancelled"})
    EXPECT_EQ(to_string(parse_status(word).value()), word);
  EXPECT_EQ(parse_status("canceled"), std::nullopt);
  EXPECT_EQ(parse_status(""), std::nullopt);
}

TEST(JobJson, HasEveryKeyEvenWhereThereIsNoValue) {
  const json::object object = to_json(Job{.id = 42});
  EXPECT_THAT(
      keys_of(object),
      ElementsAre("job_id", "status", "progress", "current_step", "message", "pipeline", "backend",
                  "backends", "model", "priority", "attempt", "max_attempts", "queue_position",
                  "eta_seconds", "created_at", "not_before", "retry_at", "started_at",
                  "completed_at", "deadline", "owner", "labels", "after", "group", "supersede",
                  "usage", "output", "contents_removed", "error", "error_info", "attempts", "seq"));
  for (const char* key : {"current_step", "pipeline", "backend", "model", "queue_position",
                          "eta_seconds", "not_before", "retry_at", "started_at", "completed_at",
                          "deadline", "output", "error", "error_info"})
    EXPECT_TRUE(object.at(key).is_null()) << key;
}

TEST(Alternatives, AreThoseBehindAndThenThoseBefore) {
  Job job{.backends = {"a", "b", "c", "d"}, .backend = "c"};
  EXPECT_THAT(alternatives(job), ElementsAre("d", "a", "b"));
}

TEST(Alternatives, LeaveOutWhatHasGivenUpOnTheJob) {
  Job job{.backends = {"a", "b", "c"}, .backend = "c"};
  job.failures = {{.code = "backend_failed", .retryable = false, .backend = "a"},
                  {.code = "backend_failed", .retryable = true, .backend = "b"}};
  EXPECT_THAT(alternatives(job), ElementsAre("b"));
}

TEST(Alternatives, AreToldFromEachOtherWhateverStandsInBetween) {
  Job job{.backends = {"llamacpp", "claude", "gemini", "ollama"}, .backend = "llamacpp"};
  job.failures = {{.code = "backend_failed", .retryable = false, .backend = "claude"}};
  EXPECT_THAT(alternatives(job), ElementsAre("gemini", "ollama"));
}

TEST(CandidatesAfter, LeaveOutWhatHasGivenUpOnTheJob) {
  Job job{.backends = {"a", "b", "c"}, .backend = "a"};
  job.failures = {{.code = "backend_failed", .retryable = false, .backend = "b"}};
  EXPECT_THAT(candidates_after(job), ElementsAre("c"));
}

TEST(EarliestStart, IsTheLaterOfItsTimeAndItsPause) {
  Job job;
  EXPECT_EQ(earliest_start(job, Time(0ms)), std::nullopt);
  job.not_before = Time(5s);
  EXPECT_EQ(earliest_start(job, Time(0ms)), Time(5s));
  job.pause = Pause{Time(0ms), Time(9s)};
  EXPECT_EQ(earliest_start(job, Time(0ms)), Time(9s));
  job.not_before = Time(10s);
  EXPECT_EQ(earliest_start(job, Time(0ms)), Time(10s));
}

TEST(EarliestStart, KnowsNoPauseThatIsStillToBegin) {
  Job job;
  job.pause = Pause{Time(5s), Time(9s)};
  EXPECT_EQ(earliest_start(job, Time(5s)), Time(9s));
  EXPECT_EQ(earliest_start(job, Time(5s - 1ms)), std::nullopt);
  job.not_before = Time(7s);
  EXPECT_EQ(earliest_start(job, Time(0ms)), Time(7s));
}

TEST(JobJson, GivesValuesInTheirWireForm) {
  Job job{.id = 42, .status = Status::processing, .owner = "alice"};
  job.pipeline = "application";
  job.backend = "llamacpp";
  job.model = "tiny-cv";
  job.labels = {{"batch", "spring"}};
  job.after = {40, 41};
  job.progress = 40;
  job.current_step = "cover_letter";
  job.usage = {512, 130};
  job.output = "Dear";
  job.created_at = Time(Milliseconds(1'500));
  job.seq = 17;
  const json::object object = to_json(job);
  EXPECT_EQ(object.at("job_id"), "42");
  EXPECT_EQ(object.at("status"), "processing");
  EXPECT_EQ(object.at("progress"), 40);
  EXPECT_EQ(object.at("current_step"), "cover_letter");
  EXPECT_EQ(object.at("pipeline"), "application");
  EXPECT_EQ(object.at("model"), "tiny-cv");
  EXPECT_EQ(object.at("labels"), json::parse(R"({"batch":"spring"})"));
  EXPECT_EQ(object.at("after"), json::parse(R"(["40","41"])"));
  EXPECT_EQ(object.at("usage"), json::parse(R"({"prompt_tokens":512,"completion_tokens":130})"));
  EXPECT_EQ(object.at("output"), "Dear");
  EXPECT_EQ(object.at("created_at"), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(object.at("seq"), 17);
}

TEST(JobJson, HoistsResultsButNeverOverItsOwnKeys) {
  Job job{.id = 42};
  job.hoisted = {{"ats_score", 87}, {"status", "wonderful"}, {"job_id", "1"}};
  const json::object object = to_json(job);
  EXPECT_EQ(object.at("ats_score"), 87);
  EXPECT_EQ(object.at("status"), "pending");
  EXPECT_EQ(object.at("job_id"), "42");
}

TEST(JobJson, ShowsAFailureOnlyOfAFailedJob) {
  Job job{.id = 42, .status = Status::failed};
  job.failure = Failure{"timeout", "It took too long.", "answer", 2, true};
  EXPECT_EQ(to_json(job).at("error"), "It took too long.");
  EXPECT_EQ(
      to_json(job).at("error_info"),
      json::parse(R"({"code":"timeout","detail":"It took too long.","step":"answer","attempt":2,)"
                  R"("retryable":true,"backend":null,"at":null})"));
  job.status = Status::pending;
  EXPECT_TRUE(to_json(job).at("error").is_null());
  EXPECT_TRUE(to_json(job).at("error_info").is_null());
}

TEST(JobJson, ShowsWhatIsExpectedAndEveryAttemptThatFailed) {
  Job job{.id = 42, .status = Status::pending};
  job.backends = {"llamacpp", "ollama"};
  job.failures = {{"timeout", "It took too long.", "answer", 1, true, "llamacpp", Time()}};
  const json::object object = to_json(job, {.queue_position = 3, .eta_seconds = 40});
  EXPECT_EQ(object.at("queue_position"), 3);
  EXPECT_EQ(object.at("eta_seconds"), 40);
  EXPECT_EQ(object.at("backends"), json::parse(R"(["llamacpp","ollama"])"));
  EXPECT_EQ(object.at("attempts").at(0).at("backend"), "llamacpp");
}

TEST(FailureJson, ComesBackAsItWas) {
  for (const Failure& failure :
       {Failure{"timeout", "It took too long.", "answer", 2, true},
        Failure{"expired", "Too late.", "", 0, false, "echo", Time(Milliseconds(1'500))}}) {
    const Failure back = failure_from_json(to_json(failure));
    EXPECT_EQ(back.code, failure.code);
    EXPECT_EQ(back.detail, failure.detail);
    EXPECT_EQ(back.step, failure.step);
    EXPECT_EQ(back.attempt, failure.attempt);
    EXPECT_EQ(back.retryable, failure.retryable);
    EXPECT_EQ(back.backend, failure.backend);
    EXPECT_EQ(back.at, failure.at);
  }
}

TEST(FailureJson, TakesWhatItFinds) {
  const Failure failure = failure_from_json({{"code", 1}, {"detail", "Odd."}, {"attempt", "x"}});
  EXPECT_EQ(failure.code, "");
  EXPECT_EQ(failure.detail, "Odd.");
  EXPECT_EQ(failure.attempt, 0);
}

TEST(EventJson, CarriesItsDataBesideItsNumber) {
  const Event event{42, 3, Time(Milliseconds(0)), "delta", {{"step", "answer"}, {"text", "Hi"}}};
  EXPECT_EQ(to_json(event),
            json::parse(R"({"job_id":"42","seq":3,"type":"delta","at":"1970-01-01T00:00:00.000Z",)"
                        R"("step":"answer","text":"Hi"})")
                .as_object());
}

}  // namespace
}  // namespace llmspool::job
