// SPDX-License-Identifier: MIT
// A watched job as lines of JSON and as lines for people; see view.hpp.
#include <utility>

#include "job_text.hpp"
#include "text.hpp"
#include "view.hpp"

namespace llmspool::cli {
namespace {

class JsonView final : public View {
 public:
  JsonView(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}
  void show(const json::object& event) override { out_ << json_line(event) << '\n' << std::flush; }
  void show_place(const json::object&) override {}
  void notice(const std::string& sentence) override { err_ << harmless(sentence) << std::endl; }

 private:
  std::ostream &out_, &err_;
};

class LineView final : public View {
 public:
  LineView(std::ostream& lines, std::ostream& err) : lines_(lines), err_(err) {}

  void show(const json::object& event) override {
    if (text_field(event, "type") == "progress")
      print(describe_progress(event));
    else if (const auto sentence = describe_event(event))
      print(*sentence);
  }
  // The time that is left changes all the while: only a new position is worth a line.
  void show_place(const json::object& place) override {
    const auto position = text_field(place, "queue_position");
    if (!position.empty() && std::exchange(position_, position) != position)
      print(describe_wait(place));
  }
  void notice(const std::string& sentence) override { err_ << harmless(sentence) << std::endl; }

 private:
  void print(const std::string& text) {
    if (auto line = one_line(text); line != last_) {
      last_ = std::move(line);
      lines_ << last_ << std::endl;
    }
  }

  std::ostream &lines_, &err_;
  std::string last_, position_;
};

}  // namespace

std::unique_ptr<View> make_json_view(std::ostream& out, std::ostream& err) {
  return std::make_unique<JsonView>(out, err);
}

std::unique_ptr<View> make_line_view(std::ostream& out, std::ostream& err, bool prompt_job) {
  return std::make_unique<LineView>(prompt_job ? err : out, err);
}

}  // namespace llmspool::cli
