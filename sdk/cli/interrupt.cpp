// SPDX-License-Identifier: MIT
// What is done before a signal ends the tool; see interrupt.hpp.
#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>

namespace llmspool::cli {
namespace {

// What the handlers may touch; written only while none is installed.
std::string last_word, doomed_path;

void say_last_word(int signal) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, last_word.data(), last_word.size());
  ::raise(signal);  // the default action by now: see SA_RESETHAND
}

void remove_file(int signal) {
  ::unlink(doomed_path.c_str());
  ::raise(signal);
}

constexpr int kOnce = static_cast<int>(SA_RESETHAND);
constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

void handle_signal(int signal, void (*handler)(int), int flags) {
  struct sigaction action{};
  ::sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

InterruptHint::InterruptHint(const std::string& hint) {
  last_word = '\n' + hint + '\n';
  handle_signal(SIGINT, say_last_word, kOnce);
}

InterruptHint::~InterruptHint() {
  handle_signal(SIGINT, SIG_DFL);
}

RemovalOnSignal::RemovalOnSignal(const std::string& path) {
  doomed_path = path;
  for (const int signal : kEnding) handle_signal(signal, remove_file, kOnce);
}

RemovalOnSignal::~RemovalOnSignal() {
  for (const int signal : kEnding) handle_signal(signal, SIG_DFL);
}

}  // namespace llmspool::cli
