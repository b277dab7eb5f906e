// SPDX-License-Identifier: MIT
// Handing in many jobs at once, a JSON object a line.
#pragma once

#include <optional>
#include <string>

#include "command.hpp"

namespace llmspool::cli {

struct BulkOptions {
  std::string file;  // "-": standard input
  std::optional<std::string> group, idempotency_key;
};

// Sends the file in little memory, however long it is. ExitCode::refused if a line was refused.
ExitCode bulk(const Context& context, const BulkOptions& options);

}  // namespace llmspool::cli
