// SPDX-License-Identifier: MIT
// What `llmspool top` shows.
#include "top_screen.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "text.hpp"

namespace llmspool::cli {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

json::object queue() {
  return json::parse(R"({
      "paused": false, "accepting": true, "running": 1, "waiting": 2, "held": 1,
      "backends": [{"id": "echo", "running": 1, "concurrency": 1, "waiting": 2}],
      "jobs": [
        {"job_id": "7", "status": "processing", "progress": 42, "eta_seconds": 100, "priority": 50,
         "owner": "alice", "backend": "echo", "model": null, "current_step": "cv",
         "message": "Writing \u001b[2J it"},
        {"job_id": "8", "status": "pending", "progress": 0, "queue_position": 1, "priority": 50,
         "owner": "alice", "backend": "echo"},
        {"job_id": "9", "status": "pending", "progress": 30, "queue_position": null,
         "priority": 40, "owner": "alice", "backend": "echo"},
        {"job_id": "6", "status": "held", "priority": 40, "owner": "alice", "backend": "echo"}]})")
      .as_object();
}

Terminal window(std::size_t width, std::size_t height) {
  return {.present = true, .interactive = true, .width = width, .height = height};
}

TopState state(std::string selected = "") {
  return {.address = "/run/spool.sock",
          .queue = queue(),
          .selected = std::move(selected),
          .trouble = "",
          .notice = ""};
}

TEST(TopScreen, ShowsTheQueueItsBackendsAndItsJobs) {
  auto shown = state("8");
  shown.notice = "Job 8 is waiting.";
  EXPECT_THAT(
      top_screen(shown, window(80, 14)),
      ElementsAre(
          "llmspoold at /run/spool.sock",
          "The queue takes jobs and runs them: 1 running, 2 waiting, 1 held.",  //
          "",
          "BACKEND  RUNNING  WAITING  STATE",  //
          "echo     1 of 1   2        ready",  //
          "",                                  //
          "JOB  PLACE    DONE             LEFT        PRIO  OWNER  BACKEND  MESSAGE",
          "7    running  ####------  42%  1 min 40 s  50    alice  echo     cv: Writing ...",
          StartsWith("8    #1                                    50    alice  echo   "),
          "9    waiting                               40    alice  echo",
          "6    held                                  40    alice  echo",
          "",                   //
          "Job 8 is waiting.",  //
          "q quit  p pause  j k select  c cancel  h hold  r release  + - priority"));
}

TEST(TopScreen, ShowsThoseOfManyBackendsThatHaveJobs) {
  auto shown = state();
  json::array backends;
  for (const char* id : {"a", "b", "c", "d", "e", "f"})
    backends.push_back({{"id", id}, {"running", 0}, {"concurrency", 1}, {"waiting", 0}});
  backends[3].as_object()["waiting"] = 2;
  shown.queue["backends"] = backends;
  const auto lines = top_screen(shown, window(80, 15));
  EXPECT_THAT(lines[4], StartsWith("d "));
  EXPECT_THAT(lines[5], StartsWith("a "));
  EXPECT_EQ(lines[6], "and 4 more");
  EXPECT_EQ(lines[7], "");
}

TEST(TopScreen, ShowsTheSelectedJobInEveryWindowThatHasRoomForOne) {
  auto shown = state("9");
  json::array backends;
  for (const char* id : {"a", "b", "c", "d", "e"}) backends.push_back(json::object{{"id", id}});
  shown.queue["backends"] = backends;
  for (std::size_t height = 1; height < 30; ++height) {
    const auto terminal = window(20, height);
    EXPECT_EQ(job_rows(shown, terminal) > 0, height >= 4);
    EXPECT_EQ(std::ranges::count_if(top_screen(shown, terminal),
                                    [](const auto& line) { return line.starts_with("9 "); }),
              height >= 4 ? 1 : 0)
        << height;
  }
  EXPECT_THAT(top_screen(shown, window(100, 10)),
              ElementsAre(StartsWith("llmspoold"), StartsWith("The queue"), "", StartsWith("JOB"),
                          StartsWith("7 "), StartsWith("8 "), StartsWith("9 "), StartsWith("6 "),
                          "", StartsWith("q quit")));
}

TEST(TopScreen, SaysWhyABackendIsStoppedAsFarAsThereIsRoom) {
  auto shown = state();
  shown.queue["backends"].as_array()[0].as_object()["reason"] = "It has no key.";
  EXPECT_EQ(
      top_screen(shown, window(120, 14))[4],
      "echo     1 of 1   2        stopped: It has no key; 'llmspool resume echo' lets it go on");
  EXPECT_EQ(top_screen(shown, window(50, 14))[4],
            "echo     1 of 1   2        stopped: It has no k...");
}

TEST(TopScreen, FitsEveryWindow) {
  for (const std::size_t width : {1, 2, 10, 40, 200})
    for (std::size_t height = 1; height < 30; ++height) {
      const auto lines = top_screen(state("9"), window(width, height));
      ASSERT_THAT(lines, SizeIs(height)) << width;
      for (const auto& line : lines) ASSERT_LE(columns(line), width) << line;
    }
}

TEST(TopScreen, ScrollsToTheSelectedJobAndSaysHowManyFollow) {
  const auto lines = top_screen(state("8"), window(80, 12));
  EXPECT_THAT(lines[7], StartsWith("7 "));
  EXPECT_THAT(lines[8], StartsWith("8 "));
  EXPECT_EQ(lines[9], "and 2 more");
  const auto last = top_screen(state("6"), window(80, 12));
  EXPECT_THAT(last[8], StartsWith("6 "));
  EXPECT_EQ(last[9], "");
}

json::object long_queue() {
  auto queue = state().queue;
  queue["waiting"] = 300;
  queue["held"] = 0;
  auto& jobs = queue["jobs"].emplace_array();
  for (std::size_t id = 1; id <= kQueueJobsMax; ++id)
    jobs.push_back(json::object{{"job_id", std::to_string(id)}, {"status", "pending"}});
  return queue;
}

TEST(TopScreen, SaysThatThereAreMoreJobsThanItHasBeenGiven) {
  auto shown = state("200");
  shown.queue = long_queue();
  const auto lines = top_screen(shown, window(80, 12));
  EXPECT_THAT(lines[8], StartsWith("200 "));
  EXPECT_EQ(lines[9], "and 101 more");
  EXPECT_THAT(top_snapshot(shown.queue, {}), testing::EndsWith("\nand 101 more\n"));
  shown.queue["jobs"].as_array().pop_back();  // as many as there are for this caller
  EXPECT_THAT(top_snapshot(shown.queue, {}), testing::Not(HasSubstr("more")));
}

TEST(TopScreen, ShowsTheSelectedJobReversedAsAWhole) {
  auto terminal = window(80, 14);
  terminal.colour = true;
  const auto lines = top_screen(state("7"), terminal);
  EXPECT_THAT(lines[7],
              AllOf(StartsWith("\x1b[7m7    running  ####------"), testing::EndsWith("\x1b[0m")));
  EXPECT_EQ(lines[7].find('\x1b', 1), lines[7].rfind('\x1b'));
}

TEST(TopScreen, SaysWhatIsWrongAndStillShowsWhatItKnows) {
  auto troubled = state();
  troubled.notice = "Job 8 is waiting.";
  troubled.trouble = "The daemon is not reachable.";
  const auto lines = top_screen(troubled, window(80, 14));
  EXPECT_EQ(lines[12], "The daemon is not reachable.");
  EXPECT_THAT(lines[7], StartsWith("7 "));

  troubled.queue = {};
  EXPECT_THAT(top_screen(troubled, window(80, 4)),
              ElementsAre("llmspoold at /run/spool.sock", "", "The daemon is not reachable.",
                          StartsWith("q quit")));
}

TEST(TopScreen, SaysThatThereIsNothingToDo) {
  auto idle = state();
  idle.queue["jobs"].emplace_array();
  EXPECT_EQ(top_screen(idle, window(80, 14))[6], "No job runs or waits.");
}

TEST(TopSnapshot, ShowsEveryJob) {
  const auto text = top_snapshot(queue(), {});
  EXPECT_THAT(text, StartsWith("The queue takes jobs and runs them"));
  EXPECT_THAT(text, HasSubstr("\n7    running  ####------  42%"));
  EXPECT_THAT(text, HasSubstr("cv: Writing \\x1B[2J it\n"));
  EXPECT_THAT(text, HasSubstr("\n6    held"));
}

TEST(Selection, MovesWithinTheJobs) {
  EXPECT_EQ(selection_after(queue(), "", 1), "7");
  EXPECT_EQ(selection_after(queue(), "7", 1), "8");
  EXPECT_EQ(selection_after(queue(), "7", -1), "7");
  EXPECT_EQ(selection_after(queue(), "8", 10), "6");
  EXPECT_EQ(selection_after(queue(), "gone", 1), "7");
  EXPECT_EQ(selection_after({}, "7", 1), "");
}

TEST(Selection, IsAJobOrNothing) {
  EXPECT_EQ(selected_job(state("9")).at("progress"), 30);
  EXPECT_THAT(selected_job(state("10")), IsEmpty());
  EXPECT_THAT(selected_job(state()), IsEmpty());
}

TEST(TopKeys, AreReadFromWhatATerminalSends) {
  using enum TopKey;
  EXPECT_THAT(top_keys("qpchr+-jk"),
              ElementsAre(quit, pause, cancel, hold, release, raise, lower, down, up));
  EXPECT_THAT(top_keys("\x1b[A\x1bOB\x1b[5~\x1b[6~\x03"),
              ElementsAre(up, down, page_up, page_down, quit));
  // Other keys' sequences hold letters that mean nothing here.
  EXPECT_THAT(top_keys("\x1b[3~\x1b[1;5C\x1b[c\x1b[1;5"), IsEmpty());
  EXPECT_THAT(top_keys("\x1b"), IsEmpty());
}

TEST(TopKeys, LeaveOutTheWholeOfASequenceWithoutAMeaning) {
  using enum TopKey;
  EXPECT_THAT(top_keys("\033cp"), ElementsAre(pause));       // Alt and c
  EXPECT_THAT(top_keys("\x1bOcp"), ElementsAre(pause));      // Ctrl and an arrow, of rxvt
  EXPECT_THAT(top_keys("\x1b\x1bOcp"), ElementsAre(pause));  // and Alt too
  EXPECT_THAT(top_keys("\x1bO5pp"), ElementsAre(pause));     // Ctrl and the keypad
  EXPECT_THAT(top_keys("\x1b[1;5cp"), ElementsAre(pause));
  EXPECT_THAT(top_keys("\x1b\x1b[A"), ElementsAre(up));
  EXPECT_THAT(top_keys("\x1bO"), IsEmpty());
}

}  // namespace
}  // namespace llmspool::cli
