// SPDX-License-Identifier: MIT
// A last word when the person presses Ctrl-C.
#pragma once

#include <string>

namespace llmspool::cli {

// While it lives, an interrupt prints the hint to standard error before it ends the tool. The tool
// still dies of the signal, so that a shell's loop around it ends too. One at a time.
class InterruptHint {
 public:
  explicit InterruptHint(const std::string& hint);
  ~InterruptHint();
  InterruptHint(const InterruptHint&) = delete;
  InterruptHint& operator=(const InterruptHint&) = delete;
};

}  // namespace llmspool::cli
