// SPDX-License-Identifier: MIT
// What the terminal behind an output can do; see terminal.hpp.
#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "environment.hpp"

namespace llmspool::cli {
namespace {

bool is_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const auto locale = environment(name); !locale.empty())
      return locale.ends_with("UTF-8") || locale.ends_with("utf8");
  return false;
}

}  // namespace

Terminal Terminal::of(int descriptor) {
  Terminal terminal;
  terminal.present = ::isatty(descriptor) == 1;
  if (!terminal.present) return terminal;
  const auto type = environment("TERM");
  terminal.interactive = !type.empty() && type != "dumb";
  terminal.colour = terminal.interactive && environment("NO_COLOR").empty();
  terminal.unicode = is_utf8_locale();
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    terminal.width = size.ws_col;
    terminal.height = size.ws_row;
  }
  return terminal;
}

std::string Terminal::painted(std::string_view text, Colour paint) const {
  if (!colour || paint == Colour::none) return std::string(text);
  const auto code = [paint] {
    switch (paint) {
      case Colour::red:
        return "31";
      case Colour::green:
        return "32";
      case Colour::yellow:
        return "33";
      case Colour::cyan:
        return "36";
      case Colour::dim:
        return "2";
      case Colour::reversed:
        return "7";
      case Colour::none:
        break;
    }
    return "0";
  }();
  return std::string("\x1b[") + code + 'm' + std::string(text) + "\x1b[0m";
}

std::string Terminal::bar(std::int64_t percent, std::size_t columns) const {
  const auto full =
      static_cast<std::size_t>(std::clamp<std::int64_t>(percent, 0, 100)) * columns / 100;
  std::string text;
  for (std::size_t column = 0; column < columns; ++column)
    text += column < full ? (unicode ? "█" : "#") : (unicode ? "░" : "-");
  return text;
}

Colour status_colour(std::string_view status) {
  if (status == "completed") return Colour::green;
  if (status == "failed") return Colour::red;
  if (status == "processing") return Colour::cyan;
  if (status == "held") return Colour::yellow;
  if (status == "cancelled") return Colour::dim;
  return Colour::none;
}

}  // namespace llmspool::cli
