// SPDX-License-Identifier: MIT
// llmspool submit: hands a job to the daemon and, if asked to, stays until it has ended.
#include <unistd.h>

#include <iostream>
#include <memory>

#include "command.hpp"
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
  std::string target = "/api/jobs";
  if (options.wait_seconds) target += "?wait=" + std::to_string(*options.wait_seconds);
  const auto api = context.api.patient(std::chrono::seconds(options.wait_seconds.value_or(0)));
  const auto response = api.call("POST", target, json::serialize(body), headers);
  replayed = options.idempotency_key && response.status == 200;
  return parse_answer(response);
}

ExitCode submit(const Context& context, const SubmitOptions& options) {
  const Input standard_input{std::cin, ::isatty(STDIN_FILENO) == 1};
  const auto body = submit_body(options, standard_input);
  bool replayed = false;
  const auto answer = post(context, options, body, replayed);
  const auto& job = as_object(answer);

  if (context.json && !options.watch) {
    std::cout << json_line(answer) << '\n';
  } else if (!context.json) {
    // Where the job's text follows, standard output is the text's.
    auto& out = options.watch || options.wait_seconds ? std::cerr : std::cout;
    if (replayed) out << "Submitted before with this key. ";
    out << harmless(describe_job(job)) << '\n' << std::flush;
    if (options.wait_seconds) print_output(context, job);
  }
  if (options.watch) return watch(context, text_field(job, "job_id"), 0);
  return options.wait_seconds ? exit_code_of(job) : ExitCode::ok;
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
