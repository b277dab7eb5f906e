// SPDX-License-Identifier: MIT
// Watching a group until all its jobs have ended; see group_watch.hpp.
#include "group_watch.hpp"

#include <iostream>
#include <thread>
#include <utility>

#include "group_text.hpp"
#include "interrupt.hpp"
#include "reconnects.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

class GroupView {
 public:
  explicit GroupView(const Context& context) : context_(context) {}

  void show(const json::object& group, bool ended) {
    if (context_.json) {
      if (std::exchange(shown_, group) != group) std::cout << json_line(group) << std::endl;
    } else if (context_.terminal.interactive) {
      std::cout << erasure() << (ended ? sentence(group) + '\n' : bar(group)) << std::flush;
      drawn_ = !ended;
    } else if (std::exchange(progress_, text_field(group, "progress")) !=
                   text_field(group, "progress") ||
               ended) {
      std::cout << sentence(group) << std::endl;
    }
  }

  void notice(const std::string& text) {
    std::cout << erasure() << std::flush;
    drawn_ = false;
    std::cerr << harmless(text) << std::endl;
  }

 private:
  const char* erasure() const { return drawn_ ? "\r\x1b[K" : ""; }

  static std::string sentence(const json::object& group) { return one_line(describe_group(group)); }

  // "spring ████████░░░░░░░░░░░░  42%  8 running, 42 waiting"
  std::string bar(const json::object& group) const {
    constexpr std::size_t kNameColumns = 24, kBarColumns = 20;
    const auto& terminal = context_.terminal;
    const auto percent = integer_field(group, "progress").value_or(0);
    const auto name =
        clipped(escaped(text_field(group, "group")), kNameColumns, terminal.ellipsis());
    const auto counts =
        ' ' + std::to_string(percent) + "%  " + one_line(describe_group_jobs(group));
    // The last column stays empty, for many terminals wrap when it is written.
    const auto used = columns(name) + 1 + kBarColumns + 1;
    const auto room = terminal.width > used ? terminal.width - used : 0;
    return name + ' ' + terminal.painted(terminal.bar(percent, kBarColumns), Colour::cyan) +
           clipped(counts, room, terminal.ellipsis());
  }

  const Context& context_;
  bool drawn_ = false;    // the bar, on the line that the cursor is in
  json::object shown_;    // newest object printed as JSON
  std::string progress_;  // newest one printed as a sentence
};

}  // namespace

ExitCode watch_group(const Context& context, const std::string& name, const std::string& target,
                     std::chrono::milliseconds interval) {
  const auto come_back = "Come back to it with: llmspool group watch " + harmless(name);
  const InterruptHint hint("The group goes on. " + come_back);
  GroupView view(context);
  Reconnects reconnects([&](const std::string& sentence) { view.notice(sentence); });
  for (bool known = false;; known = true) {
    try {
      const auto answer = context.api.get(target);
      reconnects.connected();
      reconnects.reset();
      const auto& group = as_object(answer);
      const auto code = exit_code_of_group(group);
      view.show(group, code != ExitCode::job_not_ended);
      if (!std::cout) return ExitCode::usage;  // main() tells
      if (code != ExitCode::job_not_ended) return code;
      std::this_thread::sleep_for(interval);
    } catch (const Failure& failure) {
      if (!known || !failure.may_pass()) throw;
      reconnects.pause(failure.fact(), "The group may go on. " + come_back);
    }
  }
}

}  // namespace llmspool::cli
