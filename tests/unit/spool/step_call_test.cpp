// SPDX-License-Identifier: MIT
#include "spool/step_call.hpp"

#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <thread>

#include "base/limits.hpp"

namespace llmspool::spool {
namespace {

constexpr int kLoad = 1, kPrompt = 2, kGenerate = 3;

class StepCallTest : public testing::Test {
 protected:
  static pipeline::Step step() {
    pipeline::Step step;
    step.name = "cv";
    step.label = "Tailoring the CV";
    return step;
  }
  // Whether work cannot go on: it would have long been done.
  static bool waits(const std::future<void>& work) {
    return work.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout;
  }
  std::atomic<int> told_ = 0;
  StepCall call_{7, step(), [this] { ++told_; }};
};

TEST_F(StepCallTest, TellsOnceUntilItIsListenedToAgain) {
  call_.emit("a");
  call_.emit("b");
  call_.progress(kGenerate, 1, 2);
  EXPECT_EQ(told_, 1);
  call_.listen();
  call_.emit("c");
  EXPECT_EQ(told_, 2);
}

TEST_F(StepCallTest, GivesTextOnce) {
  call_.emit("one ");
  call_.emit("two");
  EXPECT_EQ(call_.take_text(), "one two");
  EXPECT_EQ(call_.take_text(), "");
  EXPECT_EQ(call_.text(), "one two");
}

TEST_F(StepCallTest, KeepsACharacterTogetherThatComesInPieces) {
  call_.emit("caf\xC3");
  EXPECT_EQ(call_.take_text(), "caf");
  call_.emit("\xA9!");
  EXPECT_EQ(call_.take_text(), "\xC3\xA9!");
}

TEST_F(StepCallTest, ReplacesWhatIsNoUtf8) {
  call_.emit("a\xFFz");
  EXPECT_EQ(call_.take_text(), "a\xEF\xBF\xBDz");
  call_.emit("end\xE2\x82");
  EXPECT_EQ(call_.take_rest(), "end\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_F(StepCallTest, NeverGoesBackFromPhaseToPhase) {
  double last = 0;
  for (const auto& [phase, done] : {std::pair{kLoad, 5},
                                    {kLoad, 10},
                                    {kPrompt, 0},
                                    {kPrompt, 10},
                                    {kGenerate, 0},
                                    {kGenerate, 10}}) {
    call_.progress(phase, static_cast<std::uint64_t>(done), 10);
    EXPECT_GE(call_.fraction(), last);
    last = call_.fraction();
  }
  EXPECT_EQ(last, 1);
}

TEST_F(StepCallTest, IsNoFurtherForWhatIsDoneToItsPrompt) {
  call_.prepare(true);
  call_.progress(kGenerate, 10, 10);
  EXPECT_EQ(call_.fraction(), 0);
  call_.prepare(false);
  call_.progress(kGenerate, 10, 10);
  EXPECT_EQ(call_.fraction(), 1);
}

TEST_F(StepCallTest, IsNoMoreThanOverThoughMoreIsDoneThanThereWas) {
  call_.progress(kGenerate, 20, 10);
  EXPECT_EQ(call_.fraction(), 1);
}

TEST_F(StepCallTest, SaysWhatItDoes) {
  call_.progress(kLoad, 1, 4);
  EXPECT_EQ(call_.message(), "Tailoring the CV: loading the model, 25%");
  call_.progress(kPrompt, 100, 400);
  EXPECT_EQ(call_.message(), "Tailoring the CV: reading the prompt, 100 of 400 tokens");
  call_.progress(kGenerate, 1, 4);
  EXPECT_EQ(call_.message(), "Tailoring the CV");
}

TEST_F(StepCallTest, StopsAnAnswerThatIsTooLong) {
  const std::string piece(limits::kEmitBufferBytes, 'x');
  for (std::size_t size = 0; size < limits::kAnswerBytesMax; size += piece.size()) {
    call_.emit(piece);
    call_.take_text();
  }
  EXPECT_FALSE(call_.too_long());
  call_.emit("x");
  EXPECT_TRUE(call_.too_long());
  EXPECT_TRUE(call_.cancelled());
}

TEST_F(StepCallTest, CountsNoTokensThatCannotBe) {
  call_.usage(std::numeric_limits<std::uint64_t>::max(), 5);
  EXPECT_EQ(call_.usage().prompt_tokens, 0);
  EXPECT_EQ(call_.usage().completion_tokens, 5);
}

TEST_F(StepCallTest, CountsTokensOnceThatOnlyTheFirstRequestTold) {
  call_.begin_request();
  call_.usage(10, 5);
  call_.begin_request();
  EXPECT_EQ(call_.usage().prompt_tokens, 10);
}

TEST_F(StepCallTest, KeepsNoReasonThatIsNoUtf8) {
  call_.finish_reason("stop\xFF");
  EXPECT_EQ(call_.finish_reason(), "stop\xEF\xBF\xBD");
}

TEST_F(StepCallTest, MakesAFastPluginWaitForASlowSpool) {
  call_.emit(std::string(limits::kEmitBufferBytes, 'x'));
  const auto plugin = std::async(std::launch::async, [&] { call_.emit("y"); });
  EXPECT_TRUE(waits(plugin));
  EXPECT_EQ(call_.take_text().size(), limits::kEmitBufferBytes);
  plugin.wait();
  EXPECT_EQ(call_.take_text(), "y");
}

TEST_F(StepCallTest, TakesALongTextInPieces) {
  const auto plugin = std::async(
      std::launch::async, [&] { call_.emit(std::string(3 * limits::kEmitBufferBytes, 'x')); });
  for (int piece = 0; piece < 2; ++piece) {
    EXPECT_TRUE(waits(plugin)) << piece;
    EXPECT_EQ(call_.take_text().size(), limits::kEmitBufferBytes) << piece;
  }
  plugin.wait();
  EXPECT_EQ(call_.take_text().size(), limits::kEmitBufferBytes);
}

TEST_F(StepCallTest, LetsAWaitingPluginGoOnWheneverThereIsRoom) {
  constexpr std::size_t kPieces = 15;
  const auto plugin = std::async(std::launch::async, [&] {
    for (std::size_t i = 0; i < kPieces; ++i)
      call_.emit(std::string(limits::kEmitBufferBytes, 'x'));
  });
  std::size_t taken = 0;
  while (taken < kPieces * limits::kEmitBufferBytes) {
    taken += call_.take_text().size();
    std::this_thread::yield();
  }
  EXPECT_EQ(taken, kPieces * limits::kEmitBufferBytes);
}

TEST_F(StepCallTest, LetsAWaitingPluginGoWhenItIsCancelled) {
  call_.emit(std::string(limits::kEmitBufferBytes, 'x'));
  const auto plugin = std::async(std::launch::async, [&] { call_.emit("y"); });
  EXPECT_TRUE(waits(plugin));
  call_.cancel();
  plugin.wait();
  EXPECT_TRUE(call_.cancelled());
}

}  // namespace
}  // namespace llmspool::spool
