// SPDX-License-Identifier: MIT
// A watched job on a terminal: a block of bars at the bottom that is redrawn in place, above it
// what stays. See view.hpp.
#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "job_text.hpp"
#include "text.hpp"
#include "view.hpp"

namespace llmspool::cli {
namespace {

constexpr std::size_t kBarColumnsMax = 20;
constexpr std::size_t kNameColumnsMax = 24;

struct Bar {
  std::string step;
  int percent = 0;
  std::string message;  // what it does now, if it was begun last
};

class BarView final : public View {
 public:
  BarView(std::ostream& out, const Terminal& terminal, bool prompt_job)
      : out_(out),
        terminal_(terminal),
        width_(std::max<std::size_t>(terminal.width, 24)),
        prompt_job_(prompt_job) {}
  ~BarView() override { out_ << (streaming_ && !line_start_ ? "\n" : "") << std::flush; }

  void show(const json::object& event) override {
    const auto type = text_field(event, "type");
    if (type == "delta") {
      show_text(text_field(event, "step"), text_field(event, "text"));
      return;
    }
    if (type == "progress") {
      advance(event);
    } else if (type == "created" || type == "retrying" || type == "requeued") {
      waiting_ = true;
      status_ = "Waiting";
    } else if (type == "started") {
      waiting_ = false;
      status_ = "Running";
      begin_attempt();
    }
    if (type == "completed" || type == "failed" || type == "cancelled") {
      preview_.clear();
      status_.clear();
      redraw({});
      bars_.clear();
      drawn_ = 0;  // the bars stay on the screen
    }
    const auto sentence = describe_event(event);
    redraw(sentence ? terminal_.painted(one_line(*sentence), status_colour(type)) : "");
  }

  void show_place(const json::object& place) override {
    if (!waiting_) return;
    status_ = one_line(describe_wait(place));
    redraw({});
  }

  void notice(const std::string& sentence) override {
    redraw(terminal_.painted(one_line(sentence), Colour::yellow));
  }

 private:
  void advance(const json::object& event) {
    const auto* steps = event.if_contains("steps");
    if (steps == nullptr || !steps->is_object()) return;
    if (!steps->get_object().empty()) waiting_ = false;
    const auto newest = text_field(event, "current_step");
    for (const auto& [name, percent] : steps->get_object()) {
      auto& bar = bar_of(one_line(std::string(name)));
      bar.percent = static_cast<int>(
          std::clamp<std::int64_t>(percent.is_int64() ? percent.get_int64() : 0, 0, 100));
      if (std::string_view(name) == newest) bar.message = one_line(text_field(event, "message"));
      if (bar.percent == 100) bar.message.clear();
    }
  }

  Bar& bar_of(const std::string& step) {
    const auto bar = std::ranges::find(bars_, step, &Bar::step);
    return bar != bars_.end() ? *bar : bars_.emplace_back(Bar{step, 0, ""});
  }

  // A text that is streamed begins anew with each attempt.
  void begin_attempt() {
    if (streaming_) out_ << (line_start_ ? "" : "\n");
    streaming_ = false;
    preview_.clear();
  }

  void show_text(const std::string& step, const std::string& text) {
    if (!prompt_job_) {
      if (std::exchange(preview_step_, step) != step) preview_.clear();
      preview_ = tail(one_line(preview_ + text), width_ - 3);
      redraw({});
    } else if (const auto safe = harmless(text); !safe.empty()) {
      out_ << take_erasure() << safe << std::flush;
      streaming_ = true;
      line_start_ = safe.ends_with('\n');
    }
  }

  // Puts `line`, if there is one, above the bars and draws these again.
  void redraw(const std::string& line) {
    auto frame = take_erasure();
    if (!line.empty()) {
      if (streaming_ && !line_start_) frame += '\n';
      line_start_ = true;
      frame += line + '\n';
    }
    if (!streaming_) {
      for (const auto& row : rows()) {
        frame += row + '\n';
        ++drawn_;
      }
    }
    out_ << frame << std::flush;
  }

  std::string take_erasure() {
    const auto lines = std::exchange(drawn_, 0);
    return lines == 0 ? "" : "\x1b[" + std::to_string(lines) + "A\r\x1b[J";
  }

  std::vector<std::string> rows() const {
    std::vector<std::string> rows;
    if ((bars_.empty() || waiting_) && !status_.empty())
      rows.push_back(terminal_.painted(status_ + std::string(terminal_.ellipsis()), Colour::dim));
    std::size_t names = 0;
    for (const auto& bar : bars_) names = std::max(names, columns(bar.step));
    const std::size_t room = std::max<std::size_t>(terminal_.height, 4) - 3;
    const auto hidden = bars_.size() - std::min(bars_.size(), room);
    for (const auto& bar : bars_ | std::views::drop(hidden))
      rows.push_back(row(bar, std::min({names, kNameColumnsMax, width_ / 3})));
    if (!preview_.empty()) rows.push_back(terminal_.painted("  " + preview_, Colour::dim));
    return rows;
  }

  std::string row(const Bar& bar, std::size_t name_columns) const {
    auto name = clipped(bar.step, name_columns, terminal_.ellipsis());
    name += std::string(name_columns - columns(name) + 1, ' ');
    auto percent = std::to_string(bar.percent) + '%';
    percent.insert(0, 5 - percent.size(), ' ');
    const auto bar_columns = std::min(kBarColumnsMax, width_ / 3);
    const auto used = columns(name) + bar_columns + percent.size() + 2;
    // The last column stays empty, for many terminals wrap when it is written.
    const auto room = width_ > used + 1 ? width_ - used - 1 : 0;
    return name + terminal_.painted(terminal_.bar(bar.percent, bar_columns), Colour::cyan) +
           percent + "  " + clipped(bar.message, room, terminal_.ellipsis());
  }

  std::ostream& out_;
  const Terminal terminal_;
  const std::size_t width_;
  const bool prompt_job_;
  std::vector<Bar> bars_;
  std::string status_;  // while there is no bar, or the job waits
  bool waiting_ = false;
  std::string preview_;  // the end of the text that a pipeline's step is writing
  std::string preview_step_;
  std::size_t drawn_ = 0;   // lines of the block on the screen
  bool streaming_ = false;  // the text of a prompt job has begun; no block until it ends
  bool line_start_ = true;  // of that text
};

}  // namespace

std::unique_ptr<View> make_bar_view(std::ostream& out, const Terminal& terminal, bool prompt_job) {
  return std::make_unique<BarView>(out, terminal, prompt_job);
}

}  // namespace llmspool::cli
