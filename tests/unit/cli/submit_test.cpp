// SPDX-License-Identifier: MIT
// What a person is told of a job that has been handed in.
#include <gmock/gmock.h>

#include <algorithm>

#include "canned_server.hpp"
#include "command.hpp"

namespace llmspool::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ExitCode submit(const std::string& socket, std::vector<std::string> arguments) {
  CLI::App app;
  Command chosen;
  add_submit_command(app, chosen);
  std::ranges::reverse(arguments);  // as CLI11 takes them
  app.parse(arguments);
  const Context context{
      .api = Api(client::Client::unix_socket(socket)), .json = false, .terminal = {}};
  return chosen(context);
}

std::string failure_of(const std::string& socket, std::vector<std::string> arguments) {
  try {
    submit(socket, std::move(arguments));
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::unreachable);
    return failure.what();
  }
  return "";
}

TEST(Submit, SaysWhatToDoWhereNobodyKnowsWhetherThereIsAJob) {
  CannedServer server({"", ""});
  EXPECT_THAT(failure_of(server.path(), {"submit", "x"}),
              AllOf(HasSubstr("The job may have been accepted: look with 'llmspool list -n 1'"),
                    HasSubstr("With --idempotency-key it is safe"), Not(HasSubstr("try again"))));
  EXPECT_THAT(failure_of(server.path(), {"submit", "x", "--idempotency-key", "k"}),
              AllOf(HasSubstr("Repeat the same command"), Not(HasSubstr("llmspool list"))));
}

TEST(Submit, KnowsThatThereIsNoJobWhereNobodyWasAsked) {
  EXPECT_THAT(failure_of("/nonexistent/socket", {"submit", "x"}),
              AllOf(HasSubstr("not reachable"), Not(HasSubstr("may have been"))));
}

std::string output_of(const std::string& socket, std::vector<std::string> arguments) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(submit(socket, std::move(arguments)), ExitCode::ok);
  return testing::internal::GetCapturedStdout();
}

TEST(Submit, TellsThePlaceInTheQueue) {
  CannedServer server({answer(
      "201 Created", "application/json",
      R"({"job_id":"4","status":"pending","priority":50,"queue_position":3,"eta_seconds":40})")});
  EXPECT_EQ(output_of(server.path(), {"submit", "x"}),
            "Job 4 is waiting (priority 50, position 3, about 40 s).\n");
}

}  // namespace
}  // namespace llmspool::cli
