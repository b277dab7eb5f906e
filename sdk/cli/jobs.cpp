// SPDX-License-Identifier: MIT
// The commands that read and change jobs: list, show, cancel, delete, hold, release, retry,
// priority, move.
#include <iostream>
#include <memory>
#include <optional>

#include "command.hpp"
#include "job_list.hpp"
#include "job_text.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

ExitCode list(const Context& context, const ListOptions& options) {
  const auto jobs = read_jobs(options, [&](const std::string& target) {
    const auto answer = context.api.get(target);
    return as_object(answer);
  });
  std::cout << (context.json ? json_line(jobs) + '\n'
                             : job_table(array_field(jobs, "jobs")).text(context.terminal));
  if (!context.json && !text_field(jobs, "next_cursor").empty())
    std::cerr << "There are more: use --all or --limit.\n";
  return ExitCode::ok;
}

void show(const Context& context, const std::string& id) {
  const auto answer = context.api.get(job_target(id));
  std::cout << (context.json ? json_line(answer) + '\n' : job_details(as_object(answer)));
}

// POST /api/jobs/ID/ACTION and DELETE /api/jobs/ID, for several jobs.
void add_action(CLI::App& app, Command& chosen, const char* name, const char* help,
                std::function<void(const Context&, const std::string& id)> act) {
  auto ids = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand(name, help);
  command->add_option("ids", *ids, "The jobs")->type_name("ID")->required();
  command->callback([&chosen, ids, act = std::move(act)] {
    chosen = [ids, act](const Context& context) {
      return for_each_id(context, *ids, [&](const std::string& id) { act(context, id); });
    };
  });
}

using Describe = std::string (*)(const json::object& job);

void print_job(const Context& context, const json::value& job, Describe describe) {
  std::cout << (context.json ? json_line(job) : harmless(describe(as_object(job)))) << '\n';
}

void add_change(CLI::App& app, Command& chosen, const std::string& name, const char* help) {
  add_action(
      app, chosen, name.c_str(), help, [name](const Context& context, const std::string& id) {
        print_job(context, context.api.send("POST", job_target(id, '/' + name)), describe_job);
      });
}

// PATCH of several jobs with the fields that `change` gives.
void add_patch(CLI::App& command, Command& chosen, std::function<json::object()> change,
               Describe describe) {
  auto ids = std::make_shared<std::vector<std::string>>();
  command.add_option("ids", *ids, "The jobs")->type_name("ID")->required();
  command.callback([&chosen, ids, change = std::move(change), describe] {
    chosen = [ids, change, describe](const Context& context) {
      return for_each_id(context, *ids, [&](const std::string& id) {
        print_job(context, context.api.change(job_target(id), change()), describe);
      });
    };
  });
}

void add_priority_command(CLI::App& app, Command& chosen) {
  auto priority = std::make_shared<std::int64_t>();
  auto* command = app.add_subcommand("priority", "Change the priority of waiting jobs");
  command->add_option("priority", *priority, "0 to 100, higher first")
      ->type_name("PRIORITY")
      ->required()
      ->check(CLI::Range(0, 100).description(""));
  add_patch(
      *command, chosen, [priority] { return json::object{{"priority", *priority}}; },
      describe_priority);
}

void add_move_command(CLI::App& app, Command& chosen) {
  struct Destination {
    std::string backend;
    std::optional<std::string> model;
  };
  auto destination = std::make_shared<Destination>();
  auto* command = app.add_subcommand("move", "Move waiting jobs to another backend");
  command->add_option("backend", destination->backend, "Where to")
      ->type_name("BACKEND")
      ->required();
  command
      ->add_option("--model,-m", destination->model,
                   "The model there; else the one it has; an empty name: the backend's default")
      ->type_name("NAME");
  add_patch(
      *command, chosen,
      [destination] {
        json::object fields{{"backend", destination->backend}};
        if (destination->model) fields["model"] = *destination->model;
        return fields;
      },
      describe_destination);
}

}  // namespace

void add_job_commands(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ListOptions>();
  auto* list_command = app.add_subcommand("list", "List jobs, newest first");
  add_list_options(*list_command, *options);
  list_command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return list(context, *options); };
  });

  add_action(app, chosen, "show", "Show all about jobs", show);
  add_change(app, chosen, "cancel", "Cancel jobs that wait or run");
  add_change(app, chosen, "hold", "Keep waiting jobs from starting");
  add_change(app, chosen, "release", "Let held jobs go on");
  add_change(app, chosen, "retry", "Run ended jobs again from their kept inputs");
  add_priority_command(app, chosen);
  add_move_command(app, chosen);
  add_action(app, chosen, "delete", "Delete jobs with their files; cancels what still runs",
             [](const Context& context, const std::string& id) {
               const auto answer = context.api.send("DELETE", job_target(id));
               if (!context.json)
                 std::cout << "Job " << harmless(id) << " is deleted.\n";
               else if (!answer.is_null())
                 std::cout << json_line(answer) << '\n';
             });
}

}  // namespace llmspool::cli
