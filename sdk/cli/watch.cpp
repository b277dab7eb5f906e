// SPDX-License-Identifier: MIT
// llmspool watch: follows a job to its end; see watch.hpp.
#include "watch.hpp"

#include <iostream>
#include <limits>
#include <memory>
#include <optional>

#include "connection.hpp"
#include "interrupt.hpp"
#include "job_text.hpp"
#include "queue_text.hpp"
#include "reconnects.hpp"
#include "text.hpp"
#include "view.hpp"

namespace llmspool::cli {
namespace {

std::unique_ptr<View> make_view(const Context& context, bool prompt_job) {
  if (context.json) return make_json_view(std::cout, std::cerr);
  if (context.terminal.interactive) return make_bar_view(std::cout, context.terminal, prompt_job);
  return make_line_view(std::cout, std::cerr, prompt_job);
}

class Watch {
 public:
  Watch(const Context& context, std::string job_id, std::uint64_t after)
      : context_(context), job_id_(std::move(job_id)), last_(after) {}

  // The job as it was when it had ended; nothing where standard output can no longer be written.
  std::optional<json::object> run() {
    const auto before = read_job();
    view_ = make_view(context_, text_field(before, "pipeline").empty());
    if (const auto hindrance = hindrance_of(before)) view_->notice(*hindrance);
    const InterruptHint hint("The job goes on. Come back to it with: llmspool watch " +
                             harmless(job_id_));
    for (;;) {
      std::string why = "The daemon ended the connection";
      try {
        follow();
        if (!std::cout) return std::nullopt;
        // The stream ends with the job; at once, if the job's end is before event `last_`.
        if (auto job = read_job(); exit_code_of(job) != ExitCode::job_not_ended) {
          if (!seen_) view_->notice(describe_job(job));
          if (const auto removal = describe_removal(job)) view_->notice(*removal);
          return job;
        }
      } catch (const client::Error& error) {
        why = "The connection was lost: " + error.cause().message();
      } catch (const Failure& failure) {
        if (!failure.may_pass()) throw;
        why = failure.fact();
      }
      reconnects_.pause(why, "The job may go on. Come back to it with: llmspool watch " + job_id_ +
                                 " --after " + std::to_string(last_));
    }
  }

 private:
  json::object read_job() const {
    const auto answer = context_.api.get(job_target(job_id_));
    return as_object(answer);
  }

  // Why it does not run, but for others before it, as far as the daemon can be asked.
  std::optional<std::string> hindrance_of(const json::object& job) const {
    if (auto own = describe_hindrance(job)) return own;
    if (text_field(job, "status") != "pending") return std::nullopt;
    try {
      const auto queue = context_.api.get("/api/queue");
      return describe_standstill(as_object(queue), job);
    } catch (const Failure&) {
      return std::nullopt;
    }
  }

  void follow() {
    auto stream =
        context_.api.events(job_target(job_id_, "/events?after=" + std::to_string(last_)));
    reconnects_.connected();
    while (const auto event = stream.next()) {
      show(*event);
      if (!std::cout) return;
    }
  }

  void show(const client::Event& event) {
    boost::system::error_code failure;
    const auto data = json::parse(event.data, failure);
    const auto& fields = as_object(data);
    if (event.event == "queue") return view_->show_place(fields);
    const auto seq = static_cast<std::uint64_t>(integer_field(fields, "seq").value_or(0));
    if (seq <= last_) return;
    last_ = seq;
    seen_ = true;
    reconnects_.reset();
    view_->show(fields);
  }

  const Context& context_;
  const std::string job_id_;
  std::uint64_t last_;  // the newest event that was shown
  bool seen_ = false;   // any event
  std::unique_ptr<View> view_;
  Reconnects reconnects_{[this](const std::string& sentence) { view_->notice(sentence); }};
};

}  // namespace

ExitCode watch(const Context& context, const std::string& job_id, std::uint64_t after) {
  const auto job = Watch(context, job_id, after).run();
  if (!job) return ExitCode::usage;  // main() tells
  // On a terminal the text has been streamed; elsewhere it is written once it is whole, since an
  // attempt that is repeated begins it anew.
  if (!context.json && !context.terminal.interactive) print_output(context, *job);
  return exit_code_of(*job);
}

void print_output(const Context& context, const json::object& job) {
  auto text = text_field(job, "output");
  if (text.empty()) return;
  if (context.terminal.present) text = harmless(text);
  if (!text.ends_with('\n')) text += '\n';
  std::cout << text << std::flush;
}

void add_watch_command(CLI::App& app, Command& chosen) {
  struct Options {
    std::string job_id;
    std::int64_t after = 0;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "watch",
      "Follow a job to its end (Ctrl-C leaves it running); a prompt's text goes to "
      "standard output");
  command->add_option("id", options->job_id, "The job")->type_name("ID")->required();
  command->add_option("--after", options->after, "Only events after this number")
      ->type_name("SEQ")
      ->check(
          CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()).description(""));
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) {
      return watch(context, options->job_id, static_cast<std::uint64_t>(options->after));
    };
  });
}

}  // namespace llmspool::cli
