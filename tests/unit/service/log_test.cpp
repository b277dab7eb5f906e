// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "service/journal.hpp"
#include "service/terminal.hpp"

namespace llmspool::service {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

std::string line_of(std::string_view message, const log::Fields& fields) {
  return terminal_line({log::Level::info, message, fields});
}

// What is written to standard error under this configuration.
std::string written(const config::Config::Log& log) {
  testing::internal::CaptureStderr();
  install_log(log);
  log::error("bad\nluck", {{"JOB_ID", "42"}});
  log::info("fine");
  log::debug("detail");
  log::set_sink(nullptr, log::Level::error);
  return testing::internal::GetCapturedStderr();
}

TEST(Terminal, ShowsMessageAndFieldsOnOneLine) {
  EXPECT_EQ(line_of("ready", {}), "ready");
  EXPECT_EQ(line_of("job started", {{"JOB_ID", "42"}, {"STEP", "cv"}}),
            "job started  JOB_ID=42 STEP=cv");
  EXPECT_EQ(line_of("x", {{"MESSAGE_ID", "0123"}, {"JOB_ID", "1"}}), "x  JOB_ID=1");
  EXPECT_EQ(line_of("x", {{"MESSAGE_ID", "0123"}}), "x");
}

TEST(Terminal, LetsNobodyForgeALineOrAField) {
  EXPECT_EQ(line_of("a\n12:00:00.000 info  b\x1b[2J", {}), "a\\n12:00:00.000 info  b\\x1b[2J");
  EXPECT_EQ(line_of("x", {{"A", "1 B=2"}, {"C", "say \"hi\""}, {"D", ""}, {"E", "\n"}}),
            "x  A=\"1 B=2\" C=\"say \\\"hi\\\"\" D=\"\" E=\\n");
}

TEST(Terminal, WritesTimeAndLevel) {
  const std::string time = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9][0-9][0-9] ";
  EXPECT_THAT(written({"info", "terminal"}),
              MatchesRegex(time + "error bad\\\\nluck  JOB_ID=42\n" + time + "info  fine\n"));
  EXPECT_THAT(written({"debug", "auto"}), testing::EndsWith(" debug detail\n"));
  EXPECT_THAT(written({"error", "terminal"}), MatchesRegex(time + "error [^\n]*\n"));
  EXPECT_THAT(written({"warning", "terminal"}), MatchesRegex(time + "error [^\n]*\n"));
}

TEST(Journal, GetsFields) {
  const log::Fields fields{{"JOB_ID", "42"}, {"MESSAGE_ID", "0123"}, {"REASON", "a\nb"}};
  EXPECT_THAT(journal_fields({log::Level::warning, "late", fields}),
              ElementsAre("MESSAGE=late", "PRIORITY=4", "SYSLOG_IDENTIFIER=llmspoold",
                          "LLMSPOOL_JOB_ID=42", "MESSAGE_ID=0123", "LLMSPOOL_REASON=a\nb"));
}

TEST(Journal, IsRecognisedByDeviceAndInode) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  struct stat file{};
  ASSERT_EQ(fstat(pipe_ends[1], &file), 0);
  const std::string stream = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  EXPECT_TRUE(is_journal_stream(stream, pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream(stream + "1", pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream("", pipe_ends[1]));
  EXPECT_FALSE(is_journal_stream(stream, STDERR_FILENO));  // standard error was redirected
  EXPECT_FALSE(is_journal_stream(stream, -1));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(Journal, ThatIsNotThereIsReplacedByTheTerminal) {
  if (access("/run/systemd/journal/socket", F_OK) == 0) GTEST_SKIP() << "a journal is running";
  EXPECT_THAT(written({"info", "journal"}),
              testing::HasSubstr("warning There is no journal to write to"));
}

}  // namespace
}  // namespace llmspool::service
