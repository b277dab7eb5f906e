// SPDX-License-Identifier: MIT
// The echo plugin, loaded and called as the daemon does.
#include <gtest/gtest.h>

#include <chrono>
#include <llmspool/testing.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using llmspool::Phase;
using llmspool::Verdict;
using llmspool::testing::FakeRun;
using llmspool::testing::Outcome;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

class Echo : public testing::Test {
 protected:
  Outcome echo(const std::string& prompt, const std::string& params = "{}", uint32_t attempt = 1) {
    return backend.generate({.prompt = prompt, .params = params, .attempt = attempt}, run);
  }

  llmspool::testing::FakeHost host;
  llmspool::testing::Library library{LLMSPOOL_TEST_PLUGIN};
  llmspool::testing::LoadedBackend backend = library.backend(host);
  FakeRun run;
};

TEST_F(Echo, describes_itself) {
  EXPECT_STREQ(library.backend_descriptor().id, "echo");
  EXPECT_TRUE(library.backend_descriptor().flags & LLMSPOOL_CONCURRENT);
  const auto models = backend.models();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].id, "echo");
  EXPECT_TRUE(models[0].is_default);
}

TEST_F(Echo, streams_the_prompt_word_by_word) {
  EXPECT_EQ(echo("  Hällo  there\nworld ").verdict, Verdict::done);
  EXPECT_EQ(run.pieces(), (std::vector<std::string>{"  ", "Hällo  ", "there\n", "world "}));
  EXPECT_EQ(run.completion_tokens(), 4U);
  EXPECT_EQ(run.finish_reason(), "stop");
  const auto progress = run.progress(Phase::generate);
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back().done, 4U);
  EXPECT_EQ(progress.back().total, 4U);
}

TEST_F(Echo, answers_the_last_user_message) {
  backend.generate(
      {.messages = {{"system", "a"}, {"user", "b"}, {"assistant", "c"}, {"user", "d"}}}, run);
  EXPECT_EQ(run.text(), "d");
}

TEST_F(Echo, keeps_to_its_limits) {
  echo("one two three four", R"({"max_tokens": 3})");
  EXPECT_EQ(run.text(), "one two three ");
  EXPECT_EQ(run.finish_reason(), "length");
  FakeRun stopped;
  backend.generate({.prompt = "one two three", .params = R"({"stop": ["three", "wo"]})"}, stopped);
  EXPECT_EQ(stopped.text(), "one t");
  EXPECT_EQ(stopped.finish_reason(), "stop");
}

TEST_F(Echo, streams_odd_bytes) {
  EXPECT_EQ(echo("x", R"({"bytes": "ff20c3"})").verdict, Verdict::done);
  EXPECT_EQ(run.text(), "\xff \xc3");
  EXPECT_EQ(echo("x", R"({"bytes": "f"})").verdict, Verdict::failed);
  EXPECT_EQ(echo("x", R"({"bytes": "zz"})").verdict, Verdict::failed);
}

TEST_F(Echo, fails_in_every_way) {
  const std::pair<std::string, Verdict> answers[] = {
      {"failed", Verdict::failed},
      {"retry_later", Verdict::retry_later},
      {"retry_now", Verdict::retry_now},
      {"hold", Verdict::hold},
      {"stop_queue", Verdict::stop_queue},
      {"credentials_needed", Verdict::credentials_needed},
      {"done", Verdict::done}};
  for (const auto& [name, verdict] : answers)
    EXPECT_EQ(echo("x", R"({"fail": ")" + name + "\"}").verdict, verdict) << name;
  EXPECT_EQ(echo("x", R"({"fail": "credentials_needed"})").credential, "echo.key");
  EXPECT_TRUE(echo("x", R"({"fail": "invalid"})").invalid);
  EXPECT_FALSE(echo("x", R"({"fail": "failed"})").invalid);
}

TEST_F(Echo, fails_only_as_often_as_asked) {
  const std::string params = R"({"fail": "retry_now", "fail_attempts": 2})";
  EXPECT_EQ(echo("x", params, 2).verdict, Verdict::retry_now);
  EXPECT_EQ(echo("x", params, 3).verdict, Verdict::done);
}

TEST_F(Echo, keeps_the_speed_asked_for) {
  const auto start = Clock::now();
  echo("a b c d e", R"({"tokens_per_second": 50})");
  EXPECT_GE(Clock::now() - start, 100ms);
}

TEST_F(Echo, stops_soon_when_cancelled) {
  for (const auto* params : {R"({"stall_seconds": 60})", R"({"tokens_per_second": 0.01})"}) {
    FakeRun waiting;
    Clock::time_point cancelled;
    std::thread canceller([&] {
      std::this_thread::sleep_for(20ms);
      cancelled = Clock::now();
      waiting.cancel();
    });
    EXPECT_EQ(backend.generate({.prompt = "a b", .params = params}, waiting).verdict,
              Verdict::cancelled);
    const auto end = Clock::now();
    canceller.join();
    EXPECT_LT(end - cancelled, 200ms);
  }
}

TEST_F(Echo, crashes_when_asked) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(echo("x", R"({"crash": true})"), "");
}

}  // namespace
