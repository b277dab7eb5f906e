// SPDX-License-Identifier: MIT
// Jobs and events in words.
#include "job_text.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

json::object object(const char* text) {
  return json::parse(text).as_object();
}

TEST(DescribeJob, IsASentence) {
  const auto check = [](const char* job, const char* sentence, ExitCode code) {
    EXPECT_EQ(describe_job(object(job)), sentence);
    EXPECT_EQ(exit_code_of(object(job)), code);
  };
  check(R"({"job_id":"42","status":"pending","priority":50,"queue_position":null})",
        "Job 42 is waiting (priority 50).", ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"pending","priority":50,"queue_position":3})",
        "Job 42 is waiting (priority 50, position 3).", ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"pending","priority":50,"queue_position":3,"eta_seconds":40})",
        "Job 42 is waiting (priority 50, position 3, about 40 s).", ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"pending","after":["3"]})",
        "Job 42 waits for these to have completed: 3.", ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"held"})",
        "Job 42 is held; release it with 'llmspool release 42'.", ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"processing","progress":40})", "Job 42 is running (40%).",
        ExitCode::job_not_ended);
  check(R"({"job_id":"42","status":"completed"})", "Job 42 is completed.", ExitCode::ok);
  check(R"({"job_id":"42","status":"failed","error":"It broke."})", "Job 42 failed: It broke.",
        ExitCode::job_failed);
  check(R"({"job_id":"42","status":"failed","error":null})", "Job 42 failed.",
        ExitCode::job_failed);
  check(R"({"job_id":"42","status":"cancelled"})", "Job 42 was cancelled.",
        ExitCode::job_cancelled);
}

TEST(DescribeEvent, TellsWhatAReaderNeedsToKnow) {
  const auto check = [](const char* event, std::optional<std::string> sentence) {
    EXPECT_EQ(describe_event(object(event)), sentence) << event;
  };
  check(R"({"type":"created"})", std::nullopt);
  check(R"({"type":"delta","text":"a"})", std::nullopt);
  check(R"({"type":"started","attempt":1,"backend":"echo"})", std::nullopt);
  check(R"({"type":"started","attempt":2,"backend":"echo"})", "Attempt 2 on echo.");
  check(R"({"type":"file","filename":"cv.md","size":1234})", "File cv.md (1.2 kB).");
  check(R"({"type":"retrying","in_seconds":5,"error":"It is busy."})",
        "Trying again in 5 s: It is busy.");
  check(R"({"type":"retrying","in_seconds":0,"error":"It is gone."})",
        "Trying again at once: It is gone.");
  check(R"({"type":"requeued","message":"Waiting to go on"})", "Waiting to go on.");
  check(R"({"type":"held"})", "Held.");
  check(R"({"type":"held","reason":"No paper."})", "Held: No paper.");
  check(R"({"type":"released"})", "Released.");
  check(R"({"type":"completed"})", "Completed.");
  check(R"({"type":"cancelled"})", "Cancelled.");
  check(R"({"type":"failed","error":"It broke."})", "Failed: It broke.");
  check(R"({"type":"failed","error":{"code":"x","detail":"It broke."}})", "Failed: It broke.");
}

TEST(DescribeHindrance, SaysWhyAJobWaitsForSomethingElseThanItsTurn) {
  const auto of = [](const std::string& fields) {
    return describe_hindrance(object(("{\"job_id\":\"5\"," + fields + "}").c_str()))
        .value_or("none");
  };
  EXPECT_EQ(of(R"("status":"held")"), "Job 5 is held; release it with 'llmspool release 5'.");
  EXPECT_EQ(of(R"("status":"pending","after":["3","4"])"),
            "Job 5 waits for these to have completed: 3, 4.");
  EXPECT_EQ(of(R"("status":"pending","after":[],"not_before":"2026-11-24T10:12:13.123Z")"),
            "Job 5 waits until 2026-11-24 10:12:13 UTC.");
  EXPECT_EQ(of(R"("status":"pending","after":[],"not_before":"2026-11-24T10:12:13.123Z",)"
               R"("retry_at":"2026-11-24T10:12:19.000Z")"),
            "Job 5 waits until 2026-11-24 10:12:19 UTC to be tried again.");
  EXPECT_EQ(of(R"("status":"pending","after":["3"],"retry_at":"2026-11-24T10:12:19.000Z")"),
            "Job 5 waits until 2026-11-24 10:12:19 UTC to be tried again.");
  EXPECT_EQ(of(R"("status":"pending","after":["3"],"not_before":"2026-11-24T10:12:13.123Z")"),
            "Job 5 waits until 2026-11-24 10:12:13 UTC and for these to have completed: 3.");
  EXPECT_EQ(of(R"("status":"pending","after":["3"],"queue_position":1)"), "none");
  EXPECT_EQ(of(R"("status":"processing","after":["3"])"), "none");
}

TEST(DescribeWait, SaysWhatIsKnown) {
  EXPECT_EQ(describe_wait(object(R"({"queue_position":3,"eta_seconds":40})")),
            "Waiting, position 3, about 40 s");
  EXPECT_EQ(describe_wait(object(R"({"queue_position":null,"eta_seconds":null})")), "Waiting");
}

TEST(DescribeProgress, NamesTheStepIfThereIsOne) {
  EXPECT_EQ(describe_progress(
                object(R"({"progress":12,"current_step":"cover_letter","message":"Writing"})")),
            "12% cover_letter: Writing");
  EXPECT_EQ(describe_progress(object(R"({"progress":0,"current_step":null,"message":"Waiting"})")),
            "0% Waiting");
}

}  // namespace
}  // namespace llmspool::cli
