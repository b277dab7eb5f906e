// SPDX-License-Identifier: MIT
// The commands of the tool. Each add_ function declares its subcommands and their options; parsing
// then leaves in `chosen` what the person asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "api.hpp"
#include "exit_code.hpp"
#include "terminal.hpp"

namespace llmspool::cli {

struct Context {
  Api api;
  bool json = false;  // print the API's JSON
  Terminal terminal;  // behind standard output
};

using Command = std::function<ExitCode(const Context& context)>;

void add_submit_command(CLI::App& app, Command& chosen);
void add_watch_command(CLI::App& app, Command& chosen);
void add_job_commands(CLI::App& app, Command& chosen);
void add_change_command(CLI::App& app, Command& chosen);
void add_file_commands(CLI::App& app, Command& chosen);
void add_bulk_command(CLI::App& app, Command& chosen);
void add_group_commands(CLI::App& app, Command& chosen);
void add_queue_commands(CLI::App& app, Command& chosen);
void add_top_command(CLI::App& app, Command& chosen);
void add_admin_commands(CLI::App& app, Command& chosen);
void add_daemon_commands(CLI::App& app, Command& chosen);

// Runs `work` for each id and goes on where one fails: that one is reported to standard error, and
// the first failure's code is the result.
ExitCode for_each_id(const Context& context, const std::vector<std::string>& ids,
                     const std::function<void(const std::string& id)>& work);

// Tells the person, on standard error, and prints the daemon's problem object for --json.
void report(const Failure& failure, bool json);

}  // namespace llmspool::cli
