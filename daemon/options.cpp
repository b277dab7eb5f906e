// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <CLI/CLI.hpp>

#include "version.hpp"

namespace llmspool {

ParsedOptions parse_options(int argc, char** argv) {
  CLI::App app("llmspoold, the daemon of llmspool: a print spooler for language models.");
  ParsedOptions parsed;
  parsed.options.config_file = config::default_file();
  auto* file = app.add_option("--config", parsed.options.config_file,
                              "The configuration file; without it every key has its default")
                   ->capture_default_str();
  app.add_flag("--check-config", parsed.options.check_config,
               "Check the configuration, its plugins and its pipelines, and exit");
  app.set_version_flag("--version", kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_status = app.exit(error) == 0 ? 0 : 2;
  }
  parsed.options.config_given = file->count() > 0;
  return parsed;
}

Result<config::Config> read_config(const Options& options) {
  std::error_code unknown;  // then reading it says why
  if (!options.config_given && !std::filesystem::exists(options.config_file, unknown) && !unknown)
    return config::defaults();
  return config::load(options.config_file);
}

}  // namespace llmspool
