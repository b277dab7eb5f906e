// SPDX-License-Identifier: MIT
// The commands for administrators: admin backup.
#include <iostream>
#include <memory>

#include "command.hpp"
#include "download.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// The daemon makes the copy before it sends the first byte.
constexpr std::chrono::minutes kCopyMax{10};

struct BackupOptions {
  std::string file;
  bool force = false;
};

constexpr const char* kTarget = "/api/admin/backup";

ExitCode print_backup(const Context& context) {
  if (context.terminal.present)
    throw Failure(ExitCode::usage,
                  "The backup is no text for a terminal: name a file, or send standard output to a "
                  "file or a pipe.");
  context.api.patient(kCopyMax).download(kTarget,
                                         [](std::string_view piece) { std::cout << piece; });
  return ExitCode::ok;
}

ExitCode backup(const Context& context, const BackupOptions& options) {
  if (is_standard_output(options.file)) return print_backup(context);
  constexpr ::mode_t kOwnerOnly = 0600;  // prompts and answers of everybody
  const auto size = download_file(context.api.patient(kCopyMax), kTarget, options.file, kOwnerOnly,
                                  options.force);
  (context.json ? std::cerr : std::cout)
      << "The backup is in " << harmless(options.file) << " (" << human_size(size) << ").\n";
  return ExitCode::ok;
}

}  // namespace

void add_admin_commands(CLI::App& app, Command& chosen) {
  auto* admin = app.add_subcommand("admin", "What only administrators may do");
  admin->require_subcommand(1);

  auto options = std::make_shared<BackupOptions>();
  auto* command = admin->add_subcommand(
      "backup", "Save the daemon's database, as it is at one moment, while the daemon runs");
  command
      ->add_option("file", options->file,
                   "The file to write, which must not exist; -: standard output")
      ->type_name("FILE")
      ->required();
  command->add_flag("--force", options->force, "Replace a file that exists");
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return backup(context, *options); };
  });
}

}  // namespace llmspool::cli
