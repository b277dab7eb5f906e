// SPDX-License-Identifier: MIT
// A watched job as lines.
#include <gtest/gtest.h>

#include <sstream>

#include "view.hpp"

namespace llmspool::cli {
namespace {

constexpr const char* kEvents[] = {
    R"({"seq":1,"type":"created"})",
    R"({"seq":2,"type":"progress","progress":12,"current_step":"cv","message":"Writing\nit"})",
    R"({"seq":3,"type":"delta","step":"cv","text":"text"})",
    R"({"seq":4,"type":"progress","progress":12,"current_step":"cv","message":"Writing\nit"})",
    R"({"seq":5,"type":"completed"})",
};

void show_all(View& view) {
  for (const char* event : kEvents) view.show(json::parse(event).as_object());
  view.notice("Connected again.");
}

TEST(LineView, PrintsEachChangeOnce) {
  std::ostringstream out, err;
  show_all(*make_line_view(out, err, false));
  EXPECT_EQ(out.str(), "12% cv: Writing it\nCompleted.\n");
  EXPECT_EQ(err.str(), "Connected again.\n");
}

TEST(LineView, LeavesStandardOutputToTheTextOfAPrompt) {
  std::ostringstream out, err;
  show_all(*make_line_view(out, err, true));
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str(), "12% cv: Writing it\nCompleted.\nConnected again.\n");
}

TEST(LineView, SaysOnlyWhereAPositionIsNew) {
  std::ostringstream out, err;
  const auto view = make_line_view(out, err, false);
  for (const char* place :
       {R"({"queue_position":3,"eta_seconds":40})", R"({"queue_position":3,"eta_seconds":39})",
        R"({"queue_position":2,"eta_seconds":30})", R"({"queue_position":null,"eta_seconds":5})"})
    view->show_place(json::parse(place).as_object());
  EXPECT_EQ(out.str(), "Waiting, position 3, about 40 s\nWaiting, position 2, about 30 s\n");
}

TEST(JsonView, PrintsEachEventOnALine) {
  std::ostringstream out, err;
  const auto view = make_json_view(out, err);
  view->show(json::parse(R"({"seq": 1, "type": "created"})").as_object());
  view->notice("Connected again.");
  EXPECT_EQ(out.str(), "{\"seq\":1,\"type\":\"created\"}\n");
  EXPECT_EQ(err.str(), "Connected again.\n");
}

}  // namespace
}  // namespace llmspool::cli
