// SPDX-License-Identifier: MIT
// llmspool top: the queue as it lives, and keys to change it.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>

#include "command.hpp"
#include "job_text.hpp"
#include "queue_text.hpp"
#include "screen.hpp"
#include "top_screen.hpp"

namespace llmspool::cli {
namespace {

constexpr std::chrono::milliseconds kRefresh{1000};
constexpr std::chrono::seconds kNoticeShown{15};
constexpr int kPriorityStep = 10, kPriorityMax = 100;

// The queue with the caller's jobs: those that run, those that wait, and those that are held.
json::object read_queue(const Api& api) {
  const auto answer = api.get("/api/queue?jobs=" + std::to_string(kQueueJobsMax));
  auto queue = as_object(answer);
  if (integer_field(queue, "held").value_or(0) > 0 && queue["jobs"].is_array()) {
    const auto held = api.get("/api/jobs?status=held&limit=" + std::to_string(kHeldJobsMax));
    auto& jobs = queue["jobs"].get_array();
    for (const auto& job : array_field(as_object(held), "jobs")) jobs.push_back(job);
  }
  return queue;
}

class Top {
 public:
  explicit Top(const Context& context) : api_(context.api.impatient()) {
    state_.address = api_.address();
  }

  ExitCode run() {
    Screen screen;
    auto due = Clock::now();
    for (;;) {
      if (Clock::now() >= due) {
        refresh();
        due = Clock::now() + kRefresh;
      }
      screen.draw(top_screen(state_, window()));
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
      const auto typed = screen.read(left);
      if (!typed) return ExitCode::ok;
      for (const auto key : top_keys(*typed)) {
        if (key == TopKey::quit) return ExitCode::ok;
        press(key);
        due = Clock::now();
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  static Terminal window() {
    auto terminal = Terminal::of(STDOUT_FILENO);
    terminal.width = std::max<std::size_t>(terminal.width, 2) - 1;  // many wrap at the last column
    return terminal;
  }

  void refresh() {
    if (Clock::now() >= notice_until_) state_.notice.clear();
    try {
      state_.queue = read_queue(api_);
      state_.trouble.clear();
    } catch (const Failure& failure) {
      state_.trouble = failure.fact();
      state_.notice.clear();  // replaced by the trouble, and old once that is over
      return;
    }
    // The selection never slips to another job, which the next key would then change.
    if (!state_.selected.empty() && selected_job(state_).empty()) {
      if (state_.notice.empty()) notice("Job " + state_.selected + " has left the queue.");
      state_.selected.clear();
    }
  }

  void notice(std::string sentence) {
    state_.notice = std::move(sentence);
    notice_until_ = Clock::now() + kNoticeShown;
  }

  void press(TopKey key) {
    state_.notice.clear();
    try {
      act(key);
    } catch (const Failure& failure) {
      notice(failure.what());
    }
  }

  void act(TopKey key) {
    // What is not shown is not changed.
    const auto rows = static_cast<int>(job_rows(state_, window()));
    if (key != TopKey::pause && rows == 0) return notice("The window is too low to show a job.");
    switch (key) {
      case TopKey::up:
        return select(-1);
      case TopKey::down:
        return select(1);
      case TopKey::page_up:
        return select(-rows);
      case TopKey::page_down:
        return select(rows);
      case TopKey::pause:
        return toggle_pause();
      case TopKey::cancel:
        return change_job("/cancel");
      case TopKey::hold:
        return change_job("/hold");
      case TopKey::release:
        return change_job("/release");
      case TopKey::raise:
        return change_priority(kPriorityStep);
      case TopKey::lower:
        return change_priority(-kPriorityStep);
      case TopKey::quit:
        return;
    }
  }

  void select(int step) { state_.selected = selection_after(state_.queue, state_.selected, step); }

  void toggle_pause() {
    const bool paused = text_field(state_.queue, "paused") == "true";
    const auto queue = api_.send("POST", paused ? "/api/queue/resume" : "/api/queue/pause");
    notice(describe_queue(as_object(queue)));
  }

  void change_job(const char* action) {
    if (!has_selection()) return;
    const auto job = api_.send("POST", job_target(state_.selected, action));
    notice(describe_job(as_object(job)));
  }

  void change_priority(std::int64_t step) {
    refresh();  // for the priority that it has by now
    if (!has_selection()) return;
    const auto priority = integer_field(selected_job(state_), "priority").value_or(0) + step;
    const auto job =
        api_.change(job_target(state_.selected),
                    {{"priority", std::clamp<std::int64_t>(priority, 0, kPriorityMax)}});
    notice(describe_priority(as_object(job)));
  }

  bool has_selection() {
    if (state_.selected.empty() && state_.notice.empty()) notice("Select a job first.");
    return !state_.selected.empty();
  }

  const Api api_;
  TopState state_;
  Clock::time_point notice_until_;
};

ExitCode top(const Context& context) {
  if (context.terminal.interactive && !context.json) return Top(context).run();
  const auto queue = read_queue(context.api);
  std::cout << (context.json ? json_line(queue) + '\n' : top_snapshot(queue, context.terminal));
  return ExitCode::ok;
}

}  // namespace

void add_top_command(CLI::App& app, Command& chosen) {
  app.add_subcommand("top",
                     "Watch the queue and change it with keys; without a terminal, show it once")
      ->callback([&chosen] { chosen = top; });
}

}  // namespace llmspool::cli
