// SPDX-License-Identifier: MIT
// The commands for groups of jobs: group list, show, cancel, results, watch.
#include <iostream>
#include <memory>
#include <optional>

#include "command.hpp"
#include "download.hpp"
#include "group_text.hpp"
#include "group_watch.hpp"
#include "job_list.hpp"
#include "lines.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

struct GroupOptions {
  std::string name, owner, output;
  std::optional<std::int64_t> limit;
  bool force = false;
};

std::string query(const GroupOptions& options) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    text += (text.empty() ? '?' : '&') + std::string(name) + '=' + percent_encoded(value);
  };
  if (options.limit) add("limit", std::to_string(*options.limit));
  if (!options.owner.empty()) add("owner", options.owner);
  return text;
}

// "/api/groups/spring", what follows, and whose it is.
std::string group_target(const GroupOptions& options, const std::string& rest = {}) {
  return "/api/groups/" + percent_encoded(options.name) + rest + query(options);
}

ExitCode list(const Context& context, const GroupOptions& options) {
  const auto answer = context.api.get("/api/groups" + query(options));
  std::cout << (context.json
                    ? json_line(answer) + '\n'
                    : group_table(array_field(as_object(answer), "groups")).text(context.terminal));
  return ExitCode::ok;
}

ExitCode show(const Context& context, const GroupOptions& options) {
  const auto answer = context.api.get(group_target(options));
  std::cout << (context.json ? json_line(answer) + '\n' : field_lines(as_object(answer)));
  return ExitCode::ok;
}

ExitCode cancel(const Context& context, const GroupOptions& options) {
  const auto group = context.api.send("POST", group_target(options, "/cancel"));
  std::cout << (context.json ? json_line(group) : one_line(describe_group(as_object(group))))
            << '\n';
  return ExitCode::ok;
}

ExitCode results(const Context& context, const GroupOptions& options) {
  const auto target = group_target(options, "/results");
  if (!options.output.empty() && !is_standard_output(options.output)) {
    const auto size = download_file(context.api, target, options.output, 0666, options.force);
    (context.json ? std::cerr : std::cout)
        << "The results are in " << harmless(options.output) << " (" << human_size(size) << ").\n";
    return ExitCode::ok;
  }
  // A terminal gets whole lines, for a piece may end within a character.
  Lines lines([](std::string_view line) { std::cout << harmless(line) << '\n'; });
  context.api.download(target, [&](std::string_view piece) {
    if (context.terminal.present)
      lines.feed(piece);
    else
      std::cout << piece;
  });
  lines.finish();
  return ExitCode::ok;
}

ExitCode watch(const Context& context, const GroupOptions& options) {
  return watch_group(context, options.name, group_target(options), std::chrono::seconds(1));
}

using Work = ExitCode (*)(const Context& context, const GroupOptions& options);

CLI::App* add(CLI::App& group, Command& chosen, const char* name, const char* help,
              const std::shared_ptr<GroupOptions>& options, Work work) {
  auto* command = group.add_subcommand(name, help);
  command->add_option("--owner", options->owner, "Whose; only administrators may ask for others'")
      ->type_name("NAME");
  command->callback([&chosen, options, work] {
    chosen = [options, work](const Context& context) { return work(context, *options); };
  });
  return command;
}

CLI::App* add_for_one(CLI::App& group, Command& chosen, const char* name, const char* help,
                      const std::shared_ptr<GroupOptions>& options, Work work) {
  auto* command = add(group, chosen, name, help, options, work);
  command->add_option("name", options->name, "The group")->type_name("NAME")->required();
  return command;
}

}  // namespace

void add_group_commands(CLI::App& app, Command& chosen) {
  auto* group = app.add_subcommand("group", "Look after groups of jobs");
  group->require_subcommand(1);
  const auto options = std::make_shared<GroupOptions>();

  add(*group, chosen, "list", "List the groups, newest first", options, list)
      ->add_option("--limit,-n", options->limit, "At most so many, up to 500")
      ->type_name("N")
      ->check(CLI::Range(1, 500).description(""));
  add_for_one(*group, chosen, "show", "Show all about a group", options, show);
  add_for_one(*group, chosen, "cancel", "Cancel the jobs of a group that wait or run", options,
              cancel);
  add_for_one(*group, chosen, "watch",
              "Follow a group until all its jobs have ended (Ctrl-C leaves it running)", options,
              watch);
  auto* results_command = add_for_one(
      *group, chosen, "results", "Give the jobs of a group with their texts, a JSON object a line",
      options, results);
  results_command
      ->add_option("--output,-o", options->output, "The file to write; else standard output")
      ->type_name("FILE");
  results_command->add_flag("--force", options->force, "Replace a file that exists");
}

}  // namespace llmspool::cli
