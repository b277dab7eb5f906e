// SPDX-License-Identifier: MIT
// A last word when the person presses Ctrl-C; see interrupt.hpp.
#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>

namespace llmspool::cli {
namespace {

// What the handler may touch; written only while no handler is installed.
std::string last_word;

void say_last_word(int signal) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, last_word.data(), last_word.size());
  ::raise(signal);  // the default action by now: see SA_RESETHAND
}

}  // namespace

InterruptHint::InterruptHint(const std::string& hint) {
  last_word = '\n' + hint + '\n';
  struct sigaction action{};
  action.sa_handler = say_last_word;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

InterruptHint::~InterruptHint() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace llmspool::cli
