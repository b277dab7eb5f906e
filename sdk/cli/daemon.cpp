// SPDX-License-Identifier: MIT
// The commands about the daemon itself: status, backends, pipelines, optimizers, plugins and what
// an operator may do to them.
#include <iostream>
#include <memory>

#include "command.hpp"
#include "daemon_text.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// A command that shows what one GET gives.
void add_reading(CLI::App& app, Command& chosen, const char* name, const char* help,
                 const std::string& target,
                 std::string (*shown)(const json::object& answer, const Terminal& terminal)) {
  app.add_subcommand(name, help)->callback([&chosen, target, shown] {
    chosen = [target, shown](const Context& context) {
      const auto answer = context.api.get(target);
      std::cout << (context.json ? json_line(answer) + '\n'
                                 : shown(as_object(answer), context.terminal));
      return ExitCode::ok;
    };
  });
}

}  // namespace

void add_daemon_commands(CLI::App& app, Command& chosen) {
  add_reading(app, chosen, "status", "Say how the daemon is", "/api/health", status_text);
  add_reading(app, chosen, "backends", "List the backends and their models", "/api/backends",
              backends_text);
  add_reading(app, chosen, "pipelines", "List the pipelines and their inputs", "/api/pipelines",
              pipelines_text);
  add_reading(app, chosen, "optimizers", "List the optimizers", "/api/optimizers", optimizers_text);
  add_reading(app, chosen, "plugins", "List the plugins that are loaded or refused", "/api/plugins",
              plugins_text);
}

}  // namespace llmspool::cli
