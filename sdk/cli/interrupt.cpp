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

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(signal, &action, nullptr);
}

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

InterruptHint::InterruptHint(const std::string& hint) {
  last_word = '\n' + hint + '\n';
  handle(SIGINT, say_last_word);
}

InterruptHint::~InterruptHint() {
  handle(SIGINT, SIG_DFL);
}

RemovalOnSignal::RemovalOnSignal(const std::string& path) {
  doomed_path = path;
  for (const int signal : kEnding) handle(signal, remove_file);
}

RemovalOnSignal::~RemovalOnSignal() {
  for (const int signal : kEnding) handle(signal, SIG_DFL);
}

}  // namespace llmspool::cli
