// SPDX-License-Identifier: MIT
// A watched job on a terminal.
#include <gtest/gtest.h>

#include <sstream>

#include "view.hpp"

namespace llmspool::cli {
namespace {

class BarViewTest : public testing::Test {
 protected:
  void make(bool prompt_job, std::size_t width = 60) {
    view_ = make_bar_view(out_, {.present = true, .interactive = true, .width = width}, prompt_job);
  }
  // What is written for one more event.
  std::string shown(const char* event) {
    out_.str("");
    view_->show(json::parse(event).as_object());
    return out_.str();
  }

  std::ostringstream out_;
  std::unique_ptr<View> view_;
};

TEST_F(BarViewTest, DrawsABarForEachStep) {
  make(false);
  EXPECT_EQ(shown(R"({"type":"created"})"), "Waiting...\n");
  EXPECT_EQ(shown(R"({"type":"progress","current_step":"analysis","message":"A",
                      "steps":{"analysis":30}})"),
            "\x1b[1A\r\x1b[J"
            "analysis ######--------------  30%  A\n");
  EXPECT_EQ(shown(R"({"type":"progress","current_step":"cv","message":"B",
                      "steps":{"analysis":50,"cv":20}})"),
            "\x1b[1A\r\x1b[J"
            "analysis ##########----------  50%  A\n"
            "cv       ####----------------  20%  B\n");
  EXPECT_EQ(shown(R"({"type":"delta","step":"cv","text":"I \u001b[2J am"})"),
            "\x1b[2A\r\x1b[J"
            "analysis ##########----------  50%  A\n"
            "cv       ####----------------  20%  B\n"
            "  I \\x1B[2J am\n");
  EXPECT_EQ(shown(R"({"type":"file","filename":"cv.md","size":5})"),
            "\x1b[3A\r\x1b[J"
            "File cv.md (5 B).\n"
            "analysis ##########----------  50%  A\n"
            "cv       ####----------------  20%  B\n"
            "  I \\x1B[2J am\n");
  EXPECT_EQ(shown(R"({"type":"completed"})"),
            "\x1b[3A\r\x1b[J"
            "analysis ##########----------  50%  A\n"
            "cv       ####----------------  20%  B\n"
            "Completed.\n");
}

TEST_F(BarViewTest, SaysWhereAJobStandsInTheQueueWhileItWaits) {
  make(true);
  const auto placed = [this](const char* place) {
    out_.str("");
    view_->show_place(json::parse(place).as_object());
    return out_.str();
  };
  shown(R"({"type":"created"})");
  EXPECT_EQ(placed(R"({"queue_position":3,"eta_seconds":40})"),
            "\x1b[1A\r\x1b[JWaiting, position 3, about 40 s...\n");
  shown(R"({"type":"started","attempt":1})");
  EXPECT_EQ(placed(R"({"queue_position":null,"eta_seconds":20})"), "");
  shown(R"({"type":"requeued","message":"Waiting to go on"})");
  EXPECT_EQ(placed(R"({"queue_position":1,"eta_seconds":null})"),
            "\x1b[1A\r\x1b[JWaiting, position 1...\n");
}

TEST_F(BarViewTest, SaysNothingMoreOfAStepThatHasEnded) {
  make(false);
  shown(R"({"type":"progress","current_step":"cv","message":"B","steps":{"cv":20}})");
  EXPECT_EQ(shown(R"({"type":"progress","current_step":"cv","message":"B","steps":{"cv":100}})"),
            "\x1b[1A\r\x1b[J"
            "cv #################### 100%  \n");
}

TEST_F(BarViewTest, StreamsTheTextOfAPrompt) {
  make(true);
  EXPECT_EQ(shown(R"({"type":"started","attempt":1})"), "Running...\n");
  EXPECT_EQ(shown(R"({"type":"delta","step":"answer","text":"Hello\u001b"})"),
            "\x1b[1A\r\x1b[JHello\\x1B");
  EXPECT_EQ(shown(R"({"type":"progress","current_step":"answer","message":"W",
                      "steps":{"answer":50}})"),
            "");
  EXPECT_EQ(shown(R"({"type":"delta","step":"answer","text":" world"})"), " world");
  EXPECT_EQ(shown(R"({"type":"completed"})"), "\nCompleted.\n");
}

TEST_F(BarViewTest, BeginsTheTextAnewWithAnotherAttempt) {
  make(true);
  shown(R"({"type":"delta","step":"answer","text":"Hel"})");
  EXPECT_EQ(shown(R"({"type":"retrying","in_seconds":1,"error":"Busy."})"),
            "\nTrying again in 1 s: Busy.\n");
  EXPECT_EQ(shown(R"({"type":"started","attempt":2,"backend":"echo"})"),
            "Attempt 2 on echo.\nRunning...\n");
  EXPECT_EQ(shown(R"({"type":"delta","step":"answer","text":"Hello"})"), "\x1b[1A\r\x1b[JHello");
}

TEST_F(BarViewTest, KeepsWithinTheWidth) {
  make(false, 40);
  EXPECT_EQ(shown(R"({"type":"progress","current_step":"a_very_long_step_name",
                      "message":"A very long message","steps":{"a_very_long_step_name":99}})"),
            "a_very_lon... ############-  99%  A ...\n");
}

}  // namespace
}  // namespace llmspool::cli
