// SPDX-License-Identifier: MIT
#include "plugin/local_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/log.hpp"

namespace llmspool::plugin {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::filesystem::path kBuild = LLMSPOOL_BUILD_DIR;

// Keeps what it is told.
struct Recorder final : Sink {
  bool is_cancelled = false, is_asked = false;
  std::string text, reason;
  std::uint64_t completion_tokens = 0;

  bool cancelled() const override { return is_cancelled; }
  void begin_request() override { is_asked = true; }
  void emit(std::string_view piece) override { text += piece; }
  void progress(int, std::uint64_t, std::uint64_t) override {}
  void usage(std::uint64_t, std::uint64_t completion) override { completion_tokens = completion; }
  void finish_reason(std::string_view finish) override { reason = finish; }
  void log(int, std::string_view) override {}
};

std::shared_ptr<LocalBackend> backend(const char* file, const config::Backend& config = {}) {
  auto library = Library::open(kBuild / file);
  EXPECT_TRUE(library) << library.error().message;
  auto made = LocalBackend::create(*library, 0, "under-test", config, "/nowhere");
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

GenerateRequest prompt(const char* text, boost::json::object params = {}) {
  return {.job_id = 1,
          .step = "answer",
          .attempt = 1,
          .model = "",
          .messages = {{"user", text}},
          .params = std::move(params)};
}

TEST(LocalBackend, HandsOverThePromptAndGivesBackTheAnswer) {
  const auto echo = backend("plugins/echo.so");
  Recorder recorder;
  const auto ending = echo->generate(prompt("one two three"), recorder);
  EXPECT_EQ(ending.verdict, Verdict::done);
  EXPECT_EQ(recorder.text, "one two three");
  EXPECT_EQ(recorder.completion_tokens, 3U);
  EXPECT_EQ(recorder.reason, "stop");
}

TEST(LocalBackend, GivesThePluginsReason) {
  const auto echo = backend("plugins/echo.so");
  Recorder recorder;
  const auto ending = echo->generate(prompt("x", {{"fail", "credentials_needed"}}), recorder);
  EXPECT_EQ(ending.verdict, Verdict::credentials_needed);
  EXPECT_EQ(ending.credential, "echo.key");
  EXPECT_THAT(ending.message, HasSubstr("credentials_needed"));
}

TEST(LocalBackend, TellsAWrongRequestFromAFailure) {
  const auto echo = backend("plugins/echo.so");
  Recorder recorder;
  EXPECT_TRUE(echo->generate(prompt("x", {{"fail", "invalid"}}), recorder).blames_request);
  EXPECT_FALSE(echo->generate(prompt("x", {{"fail", "failed"}}), recorder).blames_request);
}

TEST(LocalBackend, ListsModels) {
  const auto models = backend("plugins/echo.so")->models();
  ASSERT_TRUE(models);
  ASSERT_EQ(models->size(), 1U);
  EXPECT_EQ(models->front().id, "echo");
  EXPECT_TRUE(models->front().is_default);
}

TEST(LocalBackend, TakesAnAnswerThatIsNoVerdictForAFailure) {
  const auto odd = backend("liars/odd_answers/odd_answers.so");
  Recorder recorder;
  auto ending = odd->generate(prompt("x"), recorder);
  EXPECT_EQ(ending.verdict, Verdict::retry_later);
  EXPECT_EQ(ending.message, "not in the mood") << "the start failed, so nothing was generated";
  ending = odd->generate(prompt("x"), recorder);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, HasSubstr("99"));
}

TEST(LocalBackend, IsNotMadeOfAnInstanceThatIsIncomplete) {
  const auto library = Library::open(kBuild / "liars/halves/halves.so");
  ASSERT_TRUE(library) << library.error().message;
  for (uint32_t i = 0; i < (*library)->backends()->count; ++i) {
    const auto made = LocalBackend::create(*library, i, "half", {}, "/nowhere");
    ASSERT_FALSE(made) << i;
    EXPECT_THAT(made.error().message,
                HasSubstr(i == 0 ? "is shorter than the ABI's version 1" : "lacks a function"));
  }
}

TEST(LocalBackend, HasItsPlaceFreeAgainAfterAnException) {
  config::Backend one_at_a_time;
  one_at_a_time.concurrency = 1;
  const auto throws = backend("liars/throws/throws.so", one_at_a_time);
  Recorder recorder;
  EXPECT_THROW(throws->generate(prompt("x"), recorder), std::runtime_error) << "by its start";
  recorder.is_cancelled = true;  // so that it does not wait for a place
  EXPECT_THROW(throws->generate(prompt("x"), recorder), int);
  EXPECT_EQ(throws->generate(prompt("x"), recorder).verdict, Verdict::done);
}

TEST(LocalBackend, CannotTellItsModelsWhereThePluginThrows) {
  const auto models = backend("liars/throws/throws.so")->models();
  ASSERT_FALSE(models);
  EXPECT_EQ(models.error().message, "no models today");
}

TEST(LocalBackend, IsNotMadeWhereThePluginThrows) {
  const auto library = Library::open(kBuild / "liars/throws/throws.so");
  const auto made = LocalBackend::create(*library, 1, "under-test", {}, "/nowhere");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "[backends.under-test] cannot be used: made of nothing");
}

// A first piece of work, under way until it is let go, in a start that logs and then throws.
class SlowStart {
 public:
  explicit SlowStart(LocalBackend& backend) {
    log::set_sink(
        [this](const auto&) {
          begun_.set_value();
          may_end_.get_future().wait();
        },
        log::Level::info);
    work_ = std::async(std::launch::async,
                       [this, &backend] { return backend.generate(prompt("x"), recorder); });
    begun_.get_future().wait();
  }
  ~SlowStart() {
    may_end_.set_value();
    EXPECT_THROW(work_.get(), std::runtime_error);
    log::set_sink(nullptr, log::Level::error);
  }
  SlowStart(const SlowStart&) = delete;
  SlowStart& operator=(const SlowStart&) = delete;

  Recorder recorder;

 private:
  std::promise<void> begun_, may_end_;
  std::future<Ending> work_;
};

TEST(LocalBackend, AwaitsNoStartForWorkThatIsCancelled) {
  const auto slow = backend("liars/throws/throws.so");
  const SlowStart start(*slow);
  Recorder recorder;
  recorder.is_cancelled = true;
  EXPECT_EQ(slow->generate(prompt("x"), recorder).verdict, Verdict::cancelled);
}

TEST(LocalBackend, IsNotAskedForWorkThatWaitsForAPlace) {
  config::Backend one_at_a_time;
  one_at_a_time.concurrency = 1;
  const auto slow = backend("liars/throws/throws.so", one_at_a_time);
  const SlowStart inside(*slow);
  Recorder outside;
  outside.is_cancelled = true;
  EXPECT_EQ(slow->generate(prompt("x"), outside).verdict, Verdict::cancelled);
  EXPECT_TRUE(inside.recorder.is_asked);
  EXPECT_FALSE(outside.is_asked);
}

TEST(LocalBackend, LeavesOutAModelWhoseNameIsNotUtf8AndSaysSoOnce) {
  const auto latin = backend("liars/latin/latin.so");
  std::vector<std::string> lines;
  log::set_sink([&](const auto& record) { lines.emplace_back(record.message); },
                log::Level::warning);
  for (int times = 0; times < 2; ++times) {
    const auto models = latin->models();
    ASSERT_TRUE(models);
    ASSERT_EQ(models->size(), 1U);
    EXPECT_EQ(models->front().id, "caf\u00e9");
  }
  log::set_sink(nullptr, log::Level::error);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines.front(), AllOf(HasSubstr("under-test"), HasSubstr("'caf\uFFFD'")));
}

TEST(LocalBackend, PassesOnWhyThereAreNoModels) {
  const auto models = backend("liars/odd_answers/odd_answers.so")->models();
  ASSERT_FALSE(models);
  EXPECT_EQ(models.error().message, "the shelf is empty");
}

}  // namespace
}  // namespace llmspool::plugin
