// SPDX-License-Identifier: MIT
// llmspool change: other labels and another time for jobs that wait.
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "command.hpp"
#include "job_text.hpp"
#include "pairs.hpp"
#include "submission.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

struct ChangeOptions {
  std::vector<std::string> ids, labels;
  std::optional<std::string> not_before;
  std::optional<std::int64_t> delay_seconds;
  bool now = false;
};

// "2030-01-31T12:00:00.123Z", so long from now.
std::string time_in(std::int64_t seconds) {
  const auto then = std::chrono::system_clock::now() + std::chrono::seconds(seconds);
  const auto whole = std::chrono::floor<std::chrono::seconds>(then);
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(then - whole).count();
  const auto three_digits = std::to_string(1000 + millis).substr(1);
  const auto time = std::chrono::system_clock::to_time_t(whole);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::string text(sizeof "2030-01-31T12:00:00", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%FT%T", &parts));
  return text + '.' + three_digits + 'Z';
}

// The fields that are the same for every job.
json::object shared_fields(const ChangeOptions& options) {
  if (options.now) return {{"not_before", nullptr}};
  if (options.not_before) return {{"not_before", *options.not_before}};
  if (options.delay_seconds) return {{"not_before", time_in(*options.delay_seconds)}};
  return {};
}

// The job's labels with those of the options; one without a value goes. The daemon takes labels
// only all together.
json::object merged_labels(const Context& context, const std::string& id,
                           const json::object& changes) {
  const auto job = context.api.get(job_target(id));
  auto labels = object_field(as_object(job), "labels");
  for (const auto& [name, value] : changes) {
    if (value.get_string().empty())
      labels.erase(name);
    else
      labels[name] = value;
  }
  return labels;
}

ExitCode change(const Context& context, const ChangeOptions& options) {
  const auto labels = object_of_pairs("--label", options.labels);
  const auto shared = shared_fields(options);
  if (labels.empty() && shared.empty())
    throw Failure(ExitCode::usage,
                  "Say what to change: give --label, --not-before, --delay or --now.");
  return for_each_id(context, options.ids, [&](const std::string& id) {
    auto fields = shared;
    if (!labels.empty()) fields["labels"] = merged_labels(context, id, labels);
    const auto job = context.api.change(job_target(id), fields);
    std::cout << (context.json ? json_line(job) : harmless(describe_change(as_object(job))))
              << '\n';
  });
}

}  // namespace

void add_change_command(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ChangeOptions>();
  auto* command =
      app.add_subcommand("change", "Change the labels of waiting jobs, and when they may start");
  command->add_option("ids", options->ids, "The jobs")->type_name("ID")->required();
  command
      ->add_option("--label,-l", options->labels,
                   "A label to add or to change; NAME= takes it away; the others stay")
      ->type_name(kPairType)
      ->allow_extra_args(false);
  auto* time = command
                   ->add_option("--not-before", options->not_before,
                                "Start no sooner than then, as 2026-12-01T08:00:00Z")
                   ->type_name("TIME");
  auto* delay =
      command
          ->add_option("--delay", options->delay_seconds, "Start no sooner than so long from now")
          ->type_name("SECONDS")
          ->check(CLI::Range(std::int64_t{0}, kSecondsMax).description(""))
          ->excludes(time);
  command->add_flag("--now", options->now, "Wait for no time any longer")
      ->excludes(time)
      ->excludes(delay);
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return change(context, *options); };
  });
}

}  // namespace llmspool::cli
