// SPDX-License-Identifier: MIT
// Watching a job across a connection that drops.
#include "watch.hpp"

#include <gmock/gmock.h>

#include "canned_server.hpp"

namespace llmspool::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string event(int seq, const std::string& type) {
  return "id: " + std::to_string(seq) + "\nevent: " + type +
         "\ndata: {\"seq\":" + std::to_string(seq) + ",\"type\":\"" + type + "\"}\n\n";
}

std::string job(const std::string& status) {
  return answer("200 OK", "application/json",
                R"({"job_id":"42","backend":"echo","status":")" + status + "\"}");
}

struct Watched {
  ExitCode code;
  std::string out, err;
};

Watched watch_output(const CannedServer& server, std::uint64_t after, bool json) {
  const Context context{
      .api = Api(client::Client::unix_socket(server.path())), .json = json, .terminal = {}};
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const auto code = watch(context, "42", after);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

Watched watch_json(const CannedServer& server, std::uint64_t after) {
  return watch_output(server, after, true);
}

Watched watch_lines(const CannedServer& server, std::uint64_t after) {
  return watch_output(server, after, false);
}

TEST(Watch, GoesOnAfterTheLastEventItSaw) {
  CannedServer server(
      {job("processing"), event_stream(event(1, "created") + event(2, "started"), false),
       event_stream(event(2, "started") + event(3, "failed"), true), job("failed")});
  const auto watched = watch_json(server, 0);
  EXPECT_EQ(watched.code, ExitCode::job_failed);
  EXPECT_EQ(watched.out,
            "{\"seq\":1,\"type\":\"created\"}\n"
            "{\"seq\":2,\"type\":\"started\"}\n"
            "{\"seq\":3,\"type\":\"failed\"}\n");
  EXPECT_THAT(watched.err, HasSubstr("The connection was lost"));
  EXPECT_THAT(watched.err, HasSubstr("Connected again."));
  EXPECT_THAT(server.requests()[1], StartsWith("GET /api/jobs/42/events?after=0 "));
  EXPECT_THAT(server.requests()[2], StartsWith("GET /api/jobs/42/events?after=2 "));
}

TEST(Watch, TellsNobodyToTryAgainWhatItTriesItself) {
  CannedServer server({job("processing"), event_stream(event(1, "created"), true), "",
                       event_stream(event(2, "completed"), true), job("completed")});
  EXPECT_THAT(
      watch_json(server, 0).err,
      HasSubstr("closed the connection before it had answered (end of stream). Trying again "
                "in 1 s.\nConnected again.\n"));
}

TEST(Watch, SaysWhereAJobStandsInTheQueue) {
  CannedServer server(
      {job("pending"), answer("200 OK", "application/json", R"({"paused":true,"backends":[]})"),
       event_stream(event(1, "created") +
                        "event: queue\ndata: {\"queue_position\":3,\"eta_seconds\":40}\n\n" +
                        event(2, "completed"),
                    true),
       job("completed")});
  const auto watched = watch_lines(server, 0);
  EXPECT_EQ(watched.code, ExitCode::ok);
  EXPECT_EQ(watched.err,
            "Job 42 waits for backend echo: the queue is paused.\n"
            "Waiting, position 3, about 40 s\nCompleted.\n");
}

TEST(Watch, SaysHowAJobEndedThatHasNothingMoreToTell) {
  CannedServer server({job("cancelled"), "HTTP/1.1 204 No Content\r\n\r\n", job("cancelled")});
  const auto watched = watch_json(server, 17);
  EXPECT_EQ(watched.code, ExitCode::job_cancelled);
  EXPECT_EQ(watched.out, "");
  EXPECT_EQ(watched.err, "Job 42 was cancelled.\n");
}

TEST(Watch, SaysThatRetentionRemovedTheText) {
  const auto ended = answer("200 OK", "application/json",
                            R"({"job_id":"42","status":"completed","contents_removed":true})");
  CannedServer server({ended, event_stream(event(9, "completed"), true), ended});
  const auto watched = watch_lines(server, 0);
  EXPECT_EQ(watched.code, ExitCode::ok);
  EXPECT_EQ(watched.err,
            "Completed.\nThe texts and files of job 42 have been removed, since it ended long ago "
            "([retention] content_days).\n");
}

TEST(Watch, EndsWhereThereIsNoSuchJob) {
  CannedServer server({answer("404 Not Found", "application/problem+json", R"({"detail":"No."})")});
  const Context context{
      .api = Api(client::Client::unix_socket(server.path())), .json = true, .terminal = {}};
  EXPECT_THROW(watch(context, "42", 0), Refusal);
}

}  // namespace
}  // namespace llmspool::cli
