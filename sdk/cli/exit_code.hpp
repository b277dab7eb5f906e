// SPDX-License-Identifier: MIT
// The exit codes of the tool, which scripts rely on, and the exception that carries one.
#pragma once

#include <stdexcept>
#include <string>

namespace llmspool::cli {

enum class ExitCode {
  ok = 0,
  job_failed = 1,
  usage = 2,  // also a local file that cannot be read or written
  unreachable = 3,
  permission_denied = 4,
  not_found = 5,
  refused = 6,
  server_error = 7,
  job_cancelled = 8,
  job_not_ended = 9,  // within the time that --wait gave it
};

inline constexpr const char* kExitCodeHelp =
    "Exit codes: 0 done (with --watch and --wait: the job completed), 1 the job failed, 2 wrong\n"
    "usage or an unusable local file, 3 the daemon is not reachable, 4 permission denied, 5 not\n"
    "found, 6 refused, 7 an error in the daemon, 8 the job was cancelled, 9 the job had not ended\n"
    "within --wait, 130 interrupted.";

// What went wrong, in whole sentences for the person at the terminal, and how the tool shall end.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message)
      : Failure(code, message, code == ExitCode::unreachable || code == ExitCode::server_error) {}
  // `advice` is the end of the message, for a person who is to do something about it.
  Failure(ExitCode code, const std::string& fact, bool may_pass, const std::string& advice = {})
      : std::runtime_error(fact + advice), code_(code), may_pass_(may_pass), fact_(fact) {}
  ExitCode code() const { return code_; }
  // The message without the advice, where the tool itself does something about it.
  const std::string& fact() const { return fact_; }
  // Whether the same may work in a moment, as when the daemon starts again.
  bool may_pass() const { return may_pass_; }

 private:
  ExitCode code_;
  bool may_pass_;
  std::string fact_;
};

}  // namespace llmspool::cli
