// SPDX-License-Identifier: MIT
// The daemon's command line.
#pragma once

#include <filesystem>
#include <optional>

#include "config/config.hpp"

namespace llmspool {

struct Options {
  std::filesystem::path config_file;
  bool config_given = false;  // named by the user: then it must be there
  bool check_config = false;
};

// The options, or the exit status if there is nothing more to do (--help, a wrong option).
struct ParsedOptions {
  Options options;
  std::optional<int> exit_status;
};
ParsedOptions parse_options(int argc, char** argv);

// The configuration of the file; its defaults where there is none and none was asked for.
Result<config::Config> read_config(const Options& options);

}  // namespace llmspool
