// SPDX-License-Identifier: MIT
// What is done before a signal ends the tool. The tool still dies of the signal, so that a shell's
// loop around it ends too.
#pragma once

#include <string>

namespace llmspool::cli {

// sigaction(2), but what is ignored, as under nohup, stays ignored.
void handle_signal(int signal, void (*handler)(int), int flags = 0);

// While it lives, an interrupt prints the hint to standard error first. One at a time.
class InterruptHint {
 public:
  explicit InterruptHint(const std::string& hint);
  ~InterruptHint();
  InterruptHint(const InterruptHint&) = delete;
  InterruptHint& operator=(const InterruptHint&) = delete;
};

// While it lives, an interrupt, a hangup or a SIGTERM removes the file first. One at a time.
class RemovalOnSignal {
 public:
  explicit RemovalOnSignal(const std::string& path);
  ~RemovalOnSignal();
  RemovalOnSignal(const RemovalOnSignal&) = delete;
  RemovalOnSignal& operator=(const RemovalOnSignal&) = delete;
};

}  // namespace llmspool::cli
