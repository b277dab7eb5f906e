// SPDX-License-Identifier: MIT
// The queue in words.
#include "queue_text.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

json::object object(const std::string& text) {
  return json::parse(text).as_object();
}

TEST(DescribeQueue, SaysWhatItDoes) {
  const auto described = [](const char* paused, const char* accepting) {
    return describe_queue(object("{\"paused\":" + std::string(paused) + ",\"accepting\":" +
                                 accepting + ",\"running\":2,\"waiting\":13,\"held\":0}"));
  };
  const std::string counts = ": 2 running, 13 waiting, 0 held.";
  EXPECT_EQ(described("false", "true"), "The queue takes jobs and runs them" + counts);
  EXPECT_EQ(described("true", "true"), "The queue takes jobs, but is paused" + counts);
  EXPECT_EQ(described("false", "false"),
            "The queue takes no new jobs, but runs those it has" + counts);
  EXPECT_EQ(described("true", "false"), "The queue takes no new jobs and is paused" + counts);
}

TEST(DescribeQueue, SaysWhyItTakesNoNewJobs) {
  EXPECT_EQ(describe_queue(object(R"({"paused":false,"accepting":false,"running":0,"waiting":0,
                                      "held":0,"reason":"The spool is full."})")),
            "The queue takes no new jobs, but runs those it has: 0 running, 0 waiting, 0 held. The "
            "spool is full.");
}

TEST(DescribeQueueBackend, NamesAllThatKeepsItFromWorking) {
  const auto described = [](const std::string& fields) {
    return describe_queue_backend(
        object("{\"id\":\"echo\",\"running\":2,\"concurrency\":4,\"waiting\":13" + fields + "}"));
  };
  const std::string echo = "Backend echo, 2 of 4 running, 13 waiting: ";
  EXPECT_EQ(described(""), echo + "ready.");
  EXPECT_EQ(described(R"(,"paused":true,"accepting":false)"), echo + "rejecting, paused.");
  EXPECT_EQ(described(R"(,"paused":true,"reason":"It has no key.")"),
            echo + "paused, stopped: It has no key; 'llmspool resume echo' lets it go on.");
  EXPECT_EQ(described(R"(,"circuit":"open","circuit_until":"2026-11-24T17:00:00.000Z")"),
            echo + "circuit open until 2026-11-24 17:00:00 UTC.");
  EXPECT_EQ(described(R"(,"circuit":"half_open","circuit_until":null)"),
            echo + "circuit half open.");
  EXPECT_EQ(described(R"(,"resting_until":"2026-11-24T17:00:00.000Z")"),
            echo + "resting until 2026-11-24 17:00:00 UTC.");
  EXPECT_EQ(described(R"(,"reason":"It has no key.")"),
            echo + "stopped: It has no key; 'llmspool resume echo' lets it go on.");
}

TEST(DescribeQueueBackend, LetsNobodyResumeWhatIsNotThere) {
  EXPECT_EQ(describe_queue_backend(object(R"({"id":"echo","running":0,"concurrency":0,"waiting":1,
                                              "reason":"It is not there."})")),
            "Backend echo, 0 of 0 running, 1 waiting: It is not there.");
}

TEST(DescribeStandstill, SaysWhyNothingStartsOnAJobsBackend) {
  const auto described = [](const std::string& of_queue, const std::string& of_backend) {
    return describe_standstill(object(R"({"backends":[{"id":"other","paused":true},{"id":"echo")" +
                                      of_backend + "}]" + of_queue + "}"),
                               object(R"({"job_id":"5","backend":"echo"})"))
        .value_or("");
  };
  EXPECT_EQ(described("", ""), "");
  EXPECT_EQ(described("", R"(,"accepting":false)"), "");
  EXPECT_EQ(described(R"(,"paused":true)", ""),
            "Job 5 waits for backend echo: the queue is paused.");
  EXPECT_EQ(described("", R"(,"paused":true,"concurrency":4,"reason":"It has no key.")"),
            "Job 5 waits for backend echo: paused, stopped: It has no key; 'llmspool resume echo' "
            "lets it go on.");
}

TEST(QueueText, HasALineForEachBackend) {
  EXPECT_EQ(
      queue_text(object(R"({"paused":false,"accepting":true,"running":2,"waiting":1,"held":0,
              "backends":[{"id":"echo","running":2,"concurrency":4,"waiting":1},
                          {"id":"gemini","running":0,"concurrency":2,"waiting":0,
                           "reason":"It has no key."}]})"),
                 {.present = true, .width = 40}),
      "The queue takes jobs and runs them: 2 running, 1 waiting, 0 held.\n"
      "BACKEND  RUNNING  WAITING  STATE\n"
      "echo     2 of 4   1        ready\n"
      "gemini   0 of 2   0        stopped: It has no key; 'llmspool resume gemini' lets it go "
      "on\n");
}

}  // namespace
}  // namespace llmspool::cli
