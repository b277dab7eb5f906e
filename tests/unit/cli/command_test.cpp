// SPDX-License-Identifier: MIT
// From a command line to the requests that it makes.
#include "command.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "canned_server.hpp"

namespace llmspool::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kQueue =
    R"({"paused":true,"accepting":true,"running":1,"waiting":2,"held":0,
        "backends":[{"id":"echo","paused":true,"running":1,"concurrency":4,"waiting":2}]})";

struct Done {
  ExitCode code;
  std::string out;
};

Done run(const CannedServer& server, std::vector<std::string> arguments, bool json = false) {
  CLI::App app;
  Command chosen;
  add_job_commands(app, chosen);
  add_change_command(app, chosen);
  add_file_commands(app, chosen);
  add_queue_commands(app, chosen);
  add_group_commands(app, chosen);
  std::ranges::reverse(arguments);  // as CLI11 takes them
  app.parse(arguments);
  const Context context{
      .api = Api(client::Client::unix_socket(server.path())), .json = json, .terminal = {}};
  testing::internal::CaptureStdout();
  try {
    const auto code = chosen(context);
    return {code, testing::internal::GetCapturedStdout()};
  } catch (const Failure&) {
    testing::internal::GetCapturedStdout();
    throw;
  }
}

std::string json_answer(const std::string& body) {
  return answer("200 OK", "application/json", body);
}

TEST(PriorityCommand, ChangesEachJob) {
  const auto job =
      json_answer(R"({"job_id":"4","status":"pending","priority":70,"queue_position":3})");
  CannedServer server({job, job});
  EXPECT_EQ(run(server, {"priority", "70", "4", "5"}).out,
            "Job 4 has priority 70, position 3.\nJob 4 has priority 70, position 3.\n");
  EXPECT_THAT(server.requests()[0],
              AllOf(StartsWith("PATCH /api/jobs/4 "), EndsWith(R"({"priority":70})")));
  EXPECT_THAT(server.requests()[1], StartsWith("PATCH /api/jobs/5 "));
}

TEST(PriorityCommand, HasBounds) {
  CannedServer server({});
  EXPECT_THROW(run(server, {"priority", "101", "4"}), CLI::ParseError);
  EXPECT_THROW(run(server, {"priority", "50"}), CLI::ParseError);
}

TEST(MoveCommand, KeepsTheModelUnlessOneIsGiven) {
  const auto job = json_answer(R"({"job_id":"4","backend":"gemini","model":"large"})");
  CannedServer server({job, job, job});
  EXPECT_EQ(run(server, {"move", "gemini", "4"}).out, "Job 4 goes to gemini, model large.\n");
  run(server, {"move", "gemini", "4", "--model", "large"});
  run(server, {"move", "gemini", "4", "--model", ""});
  EXPECT_THAT(server.requests()[0], EndsWith(R"({"backend":"gemini"})"));
  EXPECT_THAT(server.requests()[1], EndsWith(R"({"backend":"gemini","model":"large"})"));
  EXPECT_THAT(server.requests()[2], EndsWith(R"({"backend":"gemini","model":""})"));
}

TEST(ChangeCommand, KeepsTheLabelsThatItDoesNotName) {
  const auto before = json_answer(R"({"job_id":"4","labels":{"a":"1","b":"2","c":"3"}})");
  const auto after = json_answer(
      R"({"job_id":"4","status":"pending","priority":50,"queue_position":1,"labels":{"a":"1","b":"5"}})");
  CannedServer server({before, after, before, after});
  EXPECT_EQ(
      run(server, {"change", "4", "--label", "b=5", "--label", "c=", "--label", "d=x=y", "5"}).out,
      "Job 4 is waiting (priority 50, position 1). Its labels: a=1, b=5.\n"
      "Job 4 is waiting (priority 50, position 1). Its labels: a=1, b=5.\n");
  EXPECT_THAT(server.requests()[0], StartsWith("GET /api/jobs/4 "));
  EXPECT_THAT(server.requests()[1], AllOf(StartsWith("PATCH /api/jobs/4 "),
                                          EndsWith(R"({"labels":{"a":"1","b":"5","d":"x=y"}})")));
  EXPECT_THAT(server.requests()[3], StartsWith("PATCH /api/jobs/5 "));
}

TEST(ChangeCommand, SetsTheTime) {
  const auto job = json_answer(
      R"({"job_id":"4","status":"pending","not_before":"2030-01-31T12:00:00.000Z","labels":{}})");
  CannedServer server({job, job, job});
  EXPECT_EQ(run(server, {"change", "4", "--not-before", "2030-01-31T12:00:00Z"}).out,
            "Job 4 waits until 2030-01-31 12:00:00 UTC.\n");
  run(server, {"change", "4", "--delay", "3600"});
  run(server, {"change", "4", "--now"});
  EXPECT_THAT(server.requests()[0], EndsWith(R"({"not_before":"2030-01-31T12:00:00Z"})"));
  EXPECT_THAT(server.requests()[1],
              testing::ContainsRegex(R"(\{"not_before":"[0-9-]+T[0-9:]+[.][0-9][0-9][0-9]Z"\}$)"));
  EXPECT_THAT(server.requests()[2], EndsWith(R"({"not_before":null})"));
}

TEST(ChangeCommand, WantsToKnowWhatToChange) {
  CannedServer server({});
  EXPECT_THROW(run(server, {"change", "4"}), Failure);
  EXPECT_THROW(run(server, {"change", "4", "--label", "plain"}), Failure);
  EXPECT_THROW(run(server, {"change", "--now"}), CLI::ParseError);
  EXPECT_THROW(run(server, {"change", "4", "--now", "--delay", "5"}), CLI::ParseError);
  EXPECT_THROW(run(server, {"change", "4", "--delay=-1"}), CLI::ParseError);
}

TEST(FileCommands, SayThatRetentionRemovedTheFiles) {
  const auto none = json_answer(R"({"job_id":"38","files":[]})");
  const auto removed =
      json_answer(R"({"job_id":"38","status":"completed","contents_removed":true})");
  CannedServer server(
      {none, removed, none, removed,
       answer("404 Not Found", "application/problem+json", R"({"detail":"No file."})"), removed});
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"files", "38"}, {"get", "38"}, {"get", "38", "cv.md"}})
    try {
      run(server, arguments);
      FAIL();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::not_found);
      EXPECT_STREQ(failure.what(),
                   "The texts and files of job 38 have been removed, since it ended long ago "
                   "([retention] content_days).");
    }
}

TEST(FileCommands, KnowOfNoRemovalOfOlderDaemons) {
  const auto job = json_answer(R"({"job_id":"38","status":"processing"})");
  CannedServer server(
      {json_answer(R"({"job_id":"38","files":[]})"), job,
       answer("404 Not Found", "application/problem+json", R"({"detail":"No file."})"), job});
  EXPECT_EQ(run(server, {"files", "38"}).out, "There are none.\n");
  EXPECT_THROW(run(server, {"get", "38", "cv.md"}), Refusal);
}

TEST(QueueCommands, SayWhatIsNowSo) {
  CannedServer server({json_answer(kQueue), json_answer(kQueue)});
  EXPECT_EQ(run(server, {"pause"}).out,
            "The queue takes jobs, but is paused: 1 running, 2 waiting, 0 held.\n");
  EXPECT_EQ(run(server, {"pause", "echo"}).out,
            "Backend echo, 1 of 4 running, 2 waiting: paused.\n");
  EXPECT_THAT(server.requests()[0], StartsWith("POST /api/queue/pause "));
  EXPECT_THAT(server.requests()[1], StartsWith("POST /api/queue/pause?backend=echo "));
}

TEST(GroupCommands, AskForTheGroupOfItsOwner) {
  CannedServer server({json_answer(R"({"groups":[]})"),
                       answer("200 OK", "application/x-ndjson", "{\"job_id\":\"1\"}\n")});
  EXPECT_EQ(run(server, {"group", "list", "--limit", "5"}).out, "There are none.\n");
  EXPECT_EQ(run(server, {"group", "results", "a/b", "--owner", "bob"}).out, "{\"job_id\":\"1\"}\n");
  EXPECT_THAT(server.requests()[0], StartsWith("GET /api/groups?limit=5 "));
  EXPECT_THAT(server.requests()[1], StartsWith("GET /api/groups/a%2Fb/results?owner=bob "));
}

}  // namespace
}  // namespace llmspool::cli
