// SPDX-License-Identifier: MIT
#include "plugin/local_optimizer.hpp"

#include <gtest/gtest.h>

namespace llmspool::plugin {
namespace {

struct QuietSink final : Sink {
  bool is_cancelled = false;
  bool cancelled() const override { return is_cancelled; }
  void begin_request() override {}
  void emit(std::string_view) override {}
  void progress(int, std::uint64_t, std::uint64_t) override {}
  void usage(std::uint64_t, std::uint64_t) override {}
  void finish_reason(std::string_view) override {}
  void log(int, std::string_view) override {}
};

// An optimizer that asks the job's backend.
class LocalOptimizerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto library =
        Library::open(std::filesystem::path(LLMSPOOL_BUILD_DIR) / "liars/asks/asks.so");
    ASSERT_TRUE(library) << library.error().message;
    const auto made = LocalOptimizer::create(*library, 0, "under-test", {}, "/nowhere");
    ASSERT_TRUE(made) << made.error().message;
    optimizer_ = *made;
  }
  Ending process(const Generate& generate) {
    QuietSink sink;
    return optimizer_->process(
        {.job_id = 1, .step = "improve", .documents = {{"text", "Hello"}}, .params = {}}, sink,
        generate, result_);
  }
  // For work that has been cancelled.
  Ending process_cancelled() {
    QuietSink sink;
    sink.is_cancelled = true;
    OptimizeResult ignored;
    return optimizer_->process(
        {.job_id = 2, .step = "improve", .documents = {}, .params = {}}, sink,
        [](const auto&, const auto&) { return Ending{}; }, ignored);
  }
  // How it ends where the backend has answered with `ending`.
  Ending after(const Ending& ending) {
    return process([&](const auto&, const auto&) { return ending; });
  }

  std::shared_ptr<LocalOptimizer> optimizer_;
  OptimizeResult result_;
};

TEST_F(LocalOptimizerTest, GetsWhatTheBackendWrites) {
  const auto ending = process([](const std::string& prompt, const auto& append) -> Ending {
    append(prompt);
    append("!");
    return {};
  });
  EXPECT_EQ(ending.verdict, Verdict::done);
  EXPECT_EQ(result_.documents["text"], "Say it better!");
}

TEST_F(LocalOptimizerTest, KeepsNoCancelledWorkWaitingForOther) {
  process([&](const auto&, const auto&) -> Ending {
    EXPECT_EQ(process_cancelled().verdict, Verdict::cancelled) << "while it works for another";
    return {};
  });
  EXPECT_EQ(process_cancelled().verdict, Verdict::done) << "it has time for all";
}

TEST_F(LocalOptimizerTest, PassesOnAllThatTheBackendSaysOfItsFailure) {
  const auto locked_out = after({.verdict = Verdict::credentials_needed,
                                 .message = "The key is missing.",
                                 .credential = "x.key"});
  EXPECT_EQ(locked_out.verdict, Verdict::credentials_needed);
  EXPECT_EQ(locked_out.message, "The key is missing.");
  EXPECT_EQ(locked_out.credential, "x.key");

  EXPECT_EQ(after({.verdict = Verdict::retry_later, .retry_after_seconds = 30}).retry_after_seconds,
            30);
  EXPECT_TRUE(after({.verdict = Verdict::failed, .blames_request = true}).blames_request);
  EXPECT_FALSE(after({.verdict = Verdict::failed}).blames_request);
}

}  // namespace
}  // namespace llmspool::plugin
