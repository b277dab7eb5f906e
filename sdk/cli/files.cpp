// SPDX-License-Identifier: MIT
// The commands for a job's files: files, get.
#include <iostream>
#include <memory>

#include "command.hpp"
#include "download.hpp"
#include "job_text.hpp"
#include "saved_file.hpp"
#include "table.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

struct GetOptions {
  std::string job_id, name, output;
  bool force = false;
};

// Throws Failure where the job's files have been removed, which is not that there are none yet.
void check_kept(const Context& context, const std::string& id) {
  const auto job = context.api.get(job_target(id));
  if (const auto removal = describe_removal(as_object(job)))
    throw Failure(ExitCode::not_found, *removal);
}

ExitCode files(const Context& context, const std::string& id) {
  const auto answer = context.api.get(job_target(id, "/files"));
  if (array_field(as_object(answer), "files").empty()) check_kept(context, id);
  Table table({"NAME", "TYPE", "SIZE", "MEDIA TYPE"});
  for (const auto& value : array_field(as_object(answer), "files")) {
    const auto& file = as_object(value);
    const auto size = integer_field(file, "size").value_or(0);
    table.add({{text_field(file, "filename")},
               {text_field(file, "type")},
               {human_size(static_cast<std::uint64_t>(size))},
               {text_field(file, "media_type")}});
  }
  std::cout << (context.json ? json_line(answer) + '\n' : table.text(context.terminal));
  return ExitCode::ok;
}

std::string content_of(const Context& context, const std::string& id, const std::string& name) {
  try {
    return context.api.call("GET", job_target(id, "/files/" + percent_encoded(name))).body;
  } catch (const Refusal& refusal) {
    if (refusal.code() == ExitCode::not_found) check_kept(context, id);
    throw;
  }
}

void save(const Context& context, const GetOptions& options, const std::string& name) {
  const std::string directory = options.output.empty() ? "." : options.output;
  save_file(directory, name, content_of(context, options.job_id, name), options.force);
  if (!context.json)
    std::cout << harmless((std::filesystem::path(directory) / name).string()) << '\n';
}

ExitCode get_all(const Context& context, const GetOptions& options) {
  const auto answer = context.api.get(job_target(options.job_id, "/files"));
  const auto& files = array_field(as_object(answer), "files");
  if (files.empty()) check_kept(context, options.job_id);
  for (const auto& file : files) check_file_name(text_field(as_object(file), "filename"));
  for (const auto& file : files) save(context, options, text_field(as_object(file), "filename"));
  if (context.json)
    std::cout << json_line(answer) << '\n';
  else if (files.empty())
    std::cerr << "There are no files yet.\n";
  return ExitCode::ok;
}

ExitCode get_one(const Context& context, const GetOptions& options) {
  if (!options.output.empty() && !is_standard_output(options.output)) {
    save(context, options, options.name);
    return ExitCode::ok;
  }
  const auto content = content_of(context, options.job_id, options.name);
  std::cout << (context.terminal.present ? harmless(content) : content);
  return ExitCode::ok;
}

ExitCode get(const Context& context, const GetOptions& options) {
  if (!options.name.empty()) return get_one(context, options);
  if (is_standard_output(options.output))
    throw Failure(ExitCode::usage, "Name the file that shall go to standard output.");
  return get_all(context, options);
}

}  // namespace

void add_file_commands(CLI::App& app, Command& chosen) {
  auto id = std::make_shared<std::string>();
  auto* files_command = app.add_subcommand("files", "List the files that a job has made");
  files_command->add_option("id", *id, "The job")->type_name("ID")->required();
  files_command->callback(
      [&chosen, id] { chosen = [id](const Context& context) { return files(context, *id); }; });

  auto options = std::make_shared<GetOptions>();
  auto* get_command = app.add_subcommand(
      "get", "Fetch a job's files: all into a folder, or the one named to standard output");
  get_command->add_option("id", options->job_id, "The job")->type_name("ID")->required();
  get_command->add_option("name", options->name, "The file")->type_name("NAME");
  get_command
      ->add_option("--output,-o", options->output,
                   "The folder to write to, . if nothing is named; -: standard output")
      ->type_name("DIR");
  get_command->add_flag("--force", options->force, "Replace files that exist");
  get_command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return get(context, *options); };
  });
}

}  // namespace llmspool::cli
