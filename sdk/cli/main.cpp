// SPDX-License-Identifier: MIT
// llmspool, the client tool: reads the command line, runs the command, ends with its exit code.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "command.hpp"
#include "connection.hpp"
#include "text.hpp"

namespace {

using namespace llmspool::cli;

struct Arguments {
  ConnectionOptions connection;
  bool json = false;
  Command command;
};

// CLI11 would only say that a command is missing.
std::string usage_message(const CLI::App* app, const CLI::Error& error) {
  const auto left = app->remaining();
  const auto* command = app;
  std::string called = "llmspool";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    called += ' ' + command->get_name();
  }
  const bool unknown = !command->get_subcommands({}).empty() && !left.empty();
  return "llmspool: " + (unknown ? "there is no '" + harmless(left.front()) + '\'' : error.what()) +
         "; see " + called + " --help\n";
}

void declare(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", "llmspool " LLMSPOOL_VERSION, "Print the version");
  app.footer(kExitCodeHelp);
  app.failure_message(usage_message);
  app.require_subcommand(1);
  app.fallthrough();  // a subcommand takes the options of the tool too
  add_connection_options(app, arguments.connection);
  app.add_flag("--json", arguments.json, "Print the API's JSON; of a watched job, an event a line");
  add_submit_command(app, arguments.command);
  add_watch_command(app, arguments.command);
  add_job_commands(app, arguments.command);
  add_change_command(app, arguments.command);
  add_file_commands(app, arguments.command);
  add_bulk_command(app, arguments.command);
  add_group_commands(app, arguments.command);
  add_queue_commands(app, arguments.command);
  add_top_command(app, arguments.command);
  add_admin_commands(app, arguments.command);
  add_daemon_commands(app, arguments.command);
}

ExitCode run(const Arguments& arguments) {
  try {
    const Context context{.api = Api(choose_client(arguments.connection)),
                          .json = arguments.json,
                          .terminal = Terminal::of(STDOUT_FILENO)};
    return arguments.command(context);
  } catch (const Failure& failure) {
    report(failure, arguments.json);
    return failure.code();
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("llmspool hands jobs for language models to llmspoold and watches over them.",
               "llmspool");
  Arguments arguments;
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool wanted = app.exit(error) == 0;  // help or the version
    return static_cast<int>(wanted ? ExitCode::ok : ExitCode::usage);
  }

  auto result = ExitCode::server_error;
  try {
    result = run(arguments);
  } catch (const std::exception& error) {
    std::cerr << "llmspool: " << harmless(error.what()) << '\n';
  }
  if (!std::cout.flush()) {
    std::cerr << "llmspool: The output cannot be written.\n";
    return static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(result);
}
