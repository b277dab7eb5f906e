// SPDX-License-Identifier: MIT
// From the options of `llmspool submit` to the body of POST /api/jobs.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "json.hpp"

namespace llmspool::cli {

// The longest time that the daemon takes anywhere: a year.
inline constexpr std::int64_t kSecondsMax = 366LL * 24 * 3600;

struct SubmitOptions {
  std::optional<std::string> prompt, file, pipeline, model, not_before, deadline, idempotency_key,
      group, supersede;
  std::vector<std::string> inputs, backends, params, labels, after, optimizers;
  std::optional<std::int64_t> priority, delay_seconds, timeout_seconds, first_token_timeout_seconds,
      token_timeout_seconds, step_timeout_seconds, max_attempts, wait_seconds;
  bool hold = false;
  bool watch = false;
};
void add_submit_options(CLI::App& command, SubmitOptions& options);

// Where "-" reads from.
struct Input {
  std::istream& stream;
  bool terminal;  // a person would have to type it: never read without being asked to
};

// Throws Failure, naming the option, the file and what is wrong with it.
json::object submit_body(const SubmitOptions& options, const Input& standard_input);

}  // namespace llmspool::cli
