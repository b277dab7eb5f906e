// SPDX-License-Identifier: MIT
// The commands about the queue: queue, and what an operator may do to it: pause, resume, accept,
// reject.
#include <algorithm>
#include <iostream>
#include <memory>

#include "command.hpp"
#include "queue_text.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

std::string describe(const json::object& queue, const std::string& backend) {
  const auto& backends = array_field(queue, "backends");
  const auto* found = std::ranges::find_if(backends, [&](const json::value& value) {
    return text_field(as_object(value), "id") == backend;
  });
  return found == backends.end() ? describe_queue(queue)
                                 : describe_queue_backend(as_object(*found));
}

// POST /api/queue/ACTION, for the backends that are named, else for the whole queue.
void add_action(CLI::App& app, Command& chosen, const std::string& name, const char* help) {
  auto backends = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand(name, help);
  command->add_option("backends", *backends, "The backends; else the whole queue")
      ->type_name("BACKEND");
  command->callback([&chosen, backends, name] {
    chosen = [backends, name](const Context& context) {
      const auto act = [&](const std::string& backend) {
        const auto query = backend.empty() ? "" : "?backend=" + percent_encoded(backend);
        const auto queue = context.api.send("POST", "/api/queue/" + name + query);
        std::cout << (context.json ? json_line(queue)
                                   : one_line(describe(as_object(queue), backend)))
                  << '\n';
      };
      if (!backends->empty()) return for_each_id(context, *backends, act);
      act("");
      return ExitCode::ok;
    };
  });
}

}  // namespace

void add_queue_commands(CLI::App& app, Command& chosen) {
  app.add_subcommand("queue", "Say how the queue is")->callback([&chosen] {
    chosen = [](const Context& context) {
      const auto queue = context.api.get("/api/queue");
      std::cout << (context.json ? json_line(queue) + '\n'
                                 : queue_text(as_object(queue), context.terminal));
      return ExitCode::ok;
    };
  });
  add_action(app, chosen, "pause", "Start no more jobs; what runs goes on");
  add_action(app, chosen, "resume", "Start jobs again, also on a backend that has stopped");
  add_action(app, chosen, "accept", "Take new jobs again");
  add_action(app, chosen, "reject", "Take no new jobs; those that are there go on");
}

}  // namespace llmspool::cli
