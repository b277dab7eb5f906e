// SPDX-License-Identifier: MIT
// Handing in many jobs at once.
#include "bulk.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "canned_server.hpp"

namespace llmspool::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kAnswer =
    "{\"line\":1,\"job_id\":\"7\"}\n"
    "{\"line\":2,\"error\":{\"title\":\"Bad\",\"detail\":\"There is no \\u001b.\"}}\n"
    "{\"line\":3,\"job_id\":\"8\"}\n";

class BulkTest : public testing::Test {
 protected:
  BulkTest() { std::ofstream(file_) << "{\"prompt\":\"a\"}\n{}\n{\"prompt\":\"b\"}"; }
  ~BulkTest() override { std::filesystem::remove(file_); }

  ExitCode run(const CannedServer& server, const BulkOptions& options, bool json = false) {
    const Context context{
        .api = Api(client::Client::unix_socket(server.path())), .json = json, .terminal = {}};
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto code = bulk(context, options);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  const std::string file_ = std::filesystem::temp_directory_path() /
                            ("llmspool-bulk-" + std::to_string(::getpid()) + ".ndjson");
  std::string out_, err_;
};

TEST_F(BulkTest, SendsTheFileAndCountsTheJobs) {
  CannedServer server(
      {chunked("application/x-ndjson", {"{\"line\":1,\"job_", "id\":\"7\"}"}, true)});
  EXPECT_EQ(run(server, {.file = file_, .group = "a b", .idempotency_key = "key"}), ExitCode::ok);
  EXPECT_EQ(out_, "1 job was accepted, 0 lines refused.\n");
  EXPECT_EQ(err_, "");
  EXPECT_THAT(server.requests().front(),
              AllOf(StartsWith("POST /api/jobs/bulk?group=a%20b HTTP/1.1\r\n"),
                    HasSubstr("Content-Type: application/x-ndjson\r\n"),
                    HasSubstr("Idempotency-Key: key\r\n"),
                    EndsWith("\r\n{\"prompt\":\"a\"}\n{}\n{\"prompt\":\"b\"}\r\n0\r\n\r\n")));
}

TEST_F(BulkTest, SendsWhatComesThoughMoreIsToFollow) {
  std::filesystem::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const std::jthread producer([&] {
    const int pipe = ::open(file_.c_str(), O_WRONLY);
    for (const std::string line : {"{\"prompt\":\"a\"}\n", "{\"prompt\":\"b\"}\n"}) {
      EXPECT_EQ(::write(pipe, line.data(), line.size()), std::ssize(line));
      for (int waiting = 1; waiting > 0; std::this_thread::yield())
        ::ioctl(pipe, FIONREAD, &waiting);
    }
    ::close(pipe);
  });
  CannedServer server({answer("200 OK", "application/x-ndjson", kAnswer)});
  run(server, {.file = file_, .group = {}, .idempotency_key = {}});
  EXPECT_THAT(server.requests().front(),
              EndsWith("\r\nf\r\n{\"prompt\":\"a\"}\n\r\nf\r\n{\"prompt\":\"b\"}\n\r\n0\r\n\r\n"));
}

TEST_F(BulkTest, NamesEachLineThatIsRefused) {
  CannedServer server({answer("200 OK", "application/x-ndjson", kAnswer)});
  EXPECT_EQ(run(server, {.file = file_, .group = {}, .idempotency_key = {}}), ExitCode::refused);
  EXPECT_EQ(out_, "2 jobs were accepted, 1 line refused.\n");
  EXPECT_EQ(err_, "Line 2: There is no \\x1B.\n");
}

TEST_F(BulkTest, SaysHowManyHadBeenSubmittedBefore) {
  CannedServer server({answer("200 OK", "application/x-ndjson",
                              "{\"line\":1,\"job_id\":\"7\",\"replayed\":true}\n"
                              "{\"line\":2,\"job_id\":\"8\"}\n")});
  EXPECT_EQ(run(server, {.file = file_, .group = {}, .idempotency_key = "key"}), ExitCode::ok);
  EXPECT_EQ(out_, "2 jobs were accepted, of which 1 had been submitted before, 0 lines refused.\n");
}

TEST_F(BulkTest, GivesTheAnswersToScripts) {
  CannedServer server({answer("200 OK", "application/x-ndjson", kAnswer)});
  run(server, {.file = file_, .group = {}, .idempotency_key = {}}, true);
  EXPECT_EQ(out_, kAnswer);
  EXPECT_THAT(err_, EndsWith("2 jobs were accepted, 1 line refused.\n"));
}

TEST_F(BulkTest, SaysWhatToDoWhereItCannotKnow) {
  CannedServer server({"", ""});
  const auto failure_of = [&](std::optional<std::string> key) -> std::string {
    try {
      run(server, {.file = file_, .group = {}, .idempotency_key = std::move(key)});
    } catch (const Failure& failure) {
      testing::internal::GetCapturedStdout();
      testing::internal::GetCapturedStderr();
      EXPECT_EQ(failure.code(), ExitCode::unreachable);
      return failure.what();
    }
    return "";
  };
  EXPECT_THAT(failure_of({}),
              AllOf(HasSubstr("With --idempotency-key it is safe to send the same again"),
                    testing::Not(HasSubstr("try again"))));
  EXPECT_THAT(failure_of("key"), HasSubstr("no job is made twice"));
}

TEST_F(BulkTest, SaysWhichFileCannotBeRead) {
  const Context context{
      .api = Api(client::Client::unix_socket("/nonexistent")), .json = false, .terminal = {}};
  const auto failure_of = [&](const std::string& file) -> std::string {
    try {
      bulk(context, {.file = file, .group = {}, .idempotency_key = {}});
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::usage);
      return failure.what();
    }
    return "";
  };
  EXPECT_EQ(failure_of("/nonexistent"),
            "The file '/nonexistent' cannot be opened: No such file or directory.");
  EXPECT_EQ(failure_of("/tmp"), "'/tmp' is a directory: name a file in it.");
}

}  // namespace
}  // namespace llmspool::cli
