// SPDX-License-Identifier: MIT
// Watching a group until its jobs have ended.
#include "group_watch.hpp"

#include <gmock/gmock.h>

#include "canned_server.hpp"

namespace llmspool::cli {
namespace {

std::string group(int pending, int completed) {
  const auto jobs = "{\"pending\":" + std::to_string(pending) +
                    ",\"completed\":" + std::to_string(completed) + ",\"failed\":1}";
  return answer("200 OK", "application/json",
                R"({"group":"spring","progress":)" + std::to_string(100 - pending) +
                    ",\"jobs\":" + jobs + "}");
}

struct Watched {
  ExitCode code;
  std::string out, err;
};

Watched watched(const CannedServer& server, const Terminal& terminal) {
  const Context context{
      .api = Api(client::Client::unix_socket(server.path())), .json = false, .terminal = terminal};
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const auto code = watch_group(context, "spring", "/api/groups/spring", {});
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(WatchGroup, PrintsALineWheneverItHasComeFurther) {
  CannedServer server({group(60, 39), group(60, 39), group(0, 99)});
  const auto [code, out, err] = watched(server, {});
  EXPECT_EQ(code, ExitCode::job_failed);
  EXPECT_EQ(out,
            "Group spring is at 40%: 60 waiting, 39 completed, 1 failed.\n"
            "Group spring is at 100%: 99 completed, 1 failed.\n");
}

TEST(WatchGroup, DrawsABarOnATerminal) {
  CannedServer server({group(60, 39), group(0, 99)});
  const auto watching = watched(server, {.present = true, .interactive = true, .width = 60});
  EXPECT_EQ(watching.out,
            "spring ########------------ 40%  60 waiting, 39 complete..."
            "\r\x1b[KGroup spring is at 100%: 99 completed, 1 failed.\n");
}

TEST(WatchGroup, ComesBackWhenTheDaemonDoes) {
  CannedServer server({group(60, 39), "", group(0, 99)});
  const auto watching = watched(server, {});
  EXPECT_EQ(watching.code, ExitCode::job_failed);
  EXPECT_THAT(watching.err, testing::HasSubstr("(end of stream). Trying again in 1 s."));
  EXPECT_THAT(watching.err, testing::HasSubstr("Connected again."));
}

TEST(WatchGroup, EndsWhereThereIsNone) {
  CannedServer server({answer("404 Not Found", "application/problem+json", R"({"detail":"No."})")});
  const Context context{
      .api = Api(client::Client::unix_socket(server.path())), .json = false, .terminal = {}};
  EXPECT_THROW(watch_group(context, "spring", "/api/groups/spring", {}), Refusal);
}

}  // namespace
}  // namespace llmspool::cli
