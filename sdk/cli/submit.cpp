// SPDX-License-Identifier: MIT
// llmspool submit: hands a job to the daemon and, if asked to, stays until it has ended.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "command.hpp"
#include "connection.hpp"
#include "interrupt.hpp"
#include "job_text.hpp"
#include "submission.hpp"
#include "text.hpp"
#include "watch.hpp"

namespace llmspool::cli {
namespace {

json::value post(const Context& context, const SubmitOptions& options, const json::object& body,
                 bool& replayed) {
  client::Headers headers;
  if (options.idempotency_key) headers.emplace_back("Idempotency-Key", *options.idempotency_key);
  try {
    const auto response = context.api.call("POST", "/api/jobs", json::serialize(body), headers);
    replayed = options.idempotency_key && response.status == 200;
    return parse_answer(response);
  } catch (const NoAnswer& failure) {
    if (!failure.may_be_done()) throw;
    throw Failure(failure.code(),
                  failure.fact() +
                      (options.idempotency_key
                           ? "\nThe job may have been accepted. Repeat the same command: with the "
                             "same --idempotency-key no job is made twice."
                           : "\nThe job may have been accepted: look with 'llmspool list -n 1' "
                             "before you submit it again. With --idempotency-key it is safe to "
                             "repeat a submit."));
  }
}

// The job when it has ended, or as it is when the time is over or the daemon stops.
json::value wait_for(const Context& context, const std::string& id, std::chrono::seconds time) {
  try {
    return context.api.patient(time).get(job_target(id, "?wait=" + std::to_string(time.count())));
  } catch (const Failure& failure) {
    throw Failure(failure.code(), failure.fact() +
                                      "\nThe job has been accepted. Come back to it with: "
                                      "llmspool watch " +
                                      id);
  }
}

// The daemon answers before the time is over where it stops.
void check_waited(std::chrono::seconds time, const json::object& job,
                  std::chrono::steady_clock::duration waited) {
  constexpr std::chrono::seconds kSlack{1};
  if (exit_code_of(job) != ExitCode::job_not_ended || waited + kSlack >= time) return;
  const auto id = text_field(job, "job_id");
  throw Failure(ExitCode::job_not_ended, "The daemon stops, and job " + id +
                                             " goes on when it is back: 'llmspool watch " + id +
                                             "' shows it to its end.");
}

ExitCode wait(const Context& context, const json::object& accepted, std::chrono::seconds time) {
  const auto id = harmless(text_field(accepted, "job_id"));
  const auto began = std::chrono::steady_clock::now();
  json::value answer;
  {
    const InterruptHint hint("The job goes on. Come back to it with: llmspool watch " + id);
    if (!context.json) std::cerr << harmless(describe_job(accepted)) << std::endl;
    answer = wait_for(context, id, time);
  }
  const auto& job = as_object(answer);
  if (context.json) {
    std::cout << json_line(answer) << '\n';
  } else {
    std::cerr << harmless(describe_job(job)) << '\n';
    print_output(context, job);
  }
  check_waited(time, job, std::chrono::steady_clock::now() - began);
  return exit_code_of(job);
}

ExitCode submit(const Context& context, const SubmitOptions& options) {
  const Input standard_input{std::cin, ::isatty(STDIN_FILENO) == 1};
  const auto body = submit_body(options, standard_input);
  bool replayed = false;
  const auto answer = post(context, options, body, replayed);
  const auto& job = as_object(answer);
  // Where the job's text follows, standard output is the text's.
  auto& out = options.watch || options.wait_seconds ? std::cerr : std::cout;
  if (replayed && !context.json) out << "Submitted before with this key. ";
  if (options.wait_seconds) return wait(context, job, std::chrono::seconds(*options.wait_seconds));
  if (!context.json) out << harmless(describe_job(job)) << '\n' << std::flush;
  if (options.watch) return watch(context, text_field(job, "job_id"), 0);
  if (context.json) std::cout << json_line(answer) << '\n';
  return ExitCode::ok;
}

}  // namespace

void add_submit_command(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<SubmitOptions>();
  auto* command = app.add_subcommand("submit", "Hand in a job");
  add_submit_options(*command, *options);
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return submit(context, *options); };
  });
}

}  // namespace llmspool::cli
