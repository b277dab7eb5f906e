// SPDX-License-Identifier: MIT
// A whole terminal, taken over for a while; see screen.hpp.
#include "screen.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <string_view>

#include "interrupt.hpp"

namespace llmspool::cli {
namespace {

using namespace std::string_view_literals;

// What the handlers may touch; written only while none is installed.
bool has_keys;  // standard input is a terminal
termios settings_before;

void write_now(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
}

// Both may be called by a signal's handler.
void take() {
  if (has_keys) {
    auto settings = settings_before;
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C stays a signal
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
  }
  write_now("\x1b[?1049h\x1b[?25l"sv);  // another screen, no cursor
}

void give_back() {
  write_now("\x1b[?25h\x1b[?1049l"sv);
  if (has_keys) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &settings_before);
}

void end(int signal) {
  give_back();
  ::raise(signal);  // the default action by now: see SA_RESETHAND
}

void stop(int) {
  give_back();
  ::raise(SIGSTOP);
  take();  // it has been continued
}

void wake(int) {}  // being there is enough for poll() to return

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

}  // namespace

Screen::Screen() {
  has_keys = ::tcgetattr(STDIN_FILENO, &settings_before) == 0;
  take();
  for (const int signal : kEnding) handle_signal(signal, end, static_cast<int>(SA_RESETHAND));
  handle_signal(SIGTSTP, stop, SA_RESTART);
  handle_signal(SIGWINCH, wake, SA_RESTART);
}

Screen::~Screen() {
  for (const int signal : kEnding) handle_signal(signal, SIG_DFL);
  handle_signal(SIGTSTP, SIG_DFL);
  handle_signal(SIGWINCH, SIG_DFL);
  give_back();
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string frame = "\x1b[H";
  for (std::size_t line = 0; line < lines.size(); ++line)
    frame += (line == 0 ? "" : "\n") + lines[line] + "\x1b[K";
  std::cout << frame << "\x1b[J" << std::flush;
}

std::optional<std::string> Screen::read(std::chrono::milliseconds limit) {
  pollfd input{.fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0};
  const auto ready = ::poll(&input, 1, static_cast<int>(std::max(limit.count(), 0L)));
  if (ready <= 0) return "";
  std::array<char, 64> typed{};
  const auto count = ::read(STDIN_FILENO, typed.data(), typed.size());
  if (count < 0 && errno == EINTR) return "";
  if (count <= 0) return std::nullopt;
  return std::string(typed.data(), static_cast<std::size_t>(count));
}

}  // namespace llmspool::cli
