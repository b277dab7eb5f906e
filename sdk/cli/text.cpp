// SPDX-License-Identifier: MIT
// Text as terminals and URLs want it; see text.hpp.
#include "text.hpp"

#include <algorithm>
#include <array>
#include <boost/locale/utf.hpp>
#include <charconv>

namespace llmspool::cli {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

struct Range {
  char32_t first, last;
};

template <std::size_t size>
bool within(const std::array<Range, size>& ranges, char32_t c) {
  return std::ranges::any_of(ranges, [c](Range r) { return r.first <= c && c <= r.last; });
}

// Controls, and the marks that make a line read otherwise than it is written.
constexpr std::array<Range, 5> kObeyed{
    {{0x0, 0x1f}, {0x7f, 0x9f}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}}};

// What terminals draw over the character before it, and what they draw two columns wide: the blocks
// that matter, not all of Unicode.
constexpr std::array<Range, 4> kCombining{
    {{0x300, 0x36f}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115f},
                                      {0x2e80, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0xffe0, 0xffe6},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};

struct Character {
  std::string_view bytes;
  std::optional<char32_t> code;  // nothing: the byte is no UTF-8
};

// Takes the first character off a text that is not empty.
Character take(std::string_view& text) {
  const char* at = text.data();
  const auto code = Utf8::decode(at, text.data() + text.size());
  Character taken{text.substr(0, 1), std::nullopt};
  if (boost::locale::utf::is_valid_codepoint(code))
    taken = {text.substr(0, static_cast<std::size_t>(at - text.data())), code};
  text.remove_prefix(taken.bytes.size());
  return taken;
}

std::string hex(char32_t value, std::size_t digits) {
  std::string text;
  for (std::size_t left = digits; left-- > 0;)
    text += "0123456789ABCDEF"[value >> (4 * left) & 0xf];
  return text;
}

// The character, or what stands for it where a terminal would obey it.
std::string visible(const Character& character) {
  const auto& [bytes, code] = character;
  if (!code) return "\\x" + hex(static_cast<unsigned char>(bytes.front()), 2);
  if (!within(kObeyed, *code)) return std::string(bytes);
  if (code == U'\n') return "\\n";
  if (code == U'\t') return "\\t";
  if (code == U'\r') return "\\r";
  return *code < 0x100 ? "\\x" + hex(*code, 2) : "\\u" + hex(*code, 4);
}

std::size_t columns_of(char32_t c) {
  if (within(kCombining, c)) return 0;
  return within(kWide, c) ? 2 : 1;
}

}  // namespace

std::optional<std::size_t> first_bad_byte(std::string_view text) {
  for (auto rest = text; !rest.empty();) {
    const auto at = text.size() - rest.size();
    if (take(rest).code.value_or(0) == 0) return at;
  }
  return std::nullopt;
}

std::string harmless(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const auto character = take(text);
    if (character.code == U'\n' || character.code == U'\t')
      safe += character.bytes;
    else if (character.code != U'\r')
      safe += visible(character);
  }
  return safe;
}

std::string harmless_json(std::string_view line) {
  std::string safe;
  safe.reserve(line.size());
  while (!line.empty()) {
    const auto [bytes, code] = take(line);
    if (code && within(kObeyed, *code))
      safe += "\\u" + hex(*code, 4);
    else
      safe += bytes;
  }
  return safe;
}

std::string escaped(std::string_view text) {
  std::string line;
  while (!text.empty()) line += visible(take(text));
  return line;
}

std::string one_line(std::string_view text) {
  auto line = harmless(text);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\t', ' ');
  return line;
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) sum += columns_of(take(text).code.value_or('?'));
  return sum;
}

std::string clipped(std::string_view text, std::size_t columns_max, std::string_view ellipsis) {
  if (columns(text) <= columns_max) return std::string(text);
  const auto marked = columns(ellipsis) <= columns_max;
  const auto room = marked ? columns_max - columns(ellipsis) : columns_max;
  std::size_t used = 0;
  auto rest = text;
  while (!rest.empty()) {
    auto after = rest;
    used += columns_of(take(after).code.value_or('?'));
    if (used > room) break;
    rest = after;
  }
  return std::string(text.substr(0, text.size() - rest.size())) +
         (marked ? std::string(ellipsis) : "");
}

std::string_view tail(std::string_view text, std::size_t columns_max) {
  for (auto used = columns(text); used > columns_max;)
    used -= columns_of(take(text).code.value_or('?'));
  return text;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      encoded += c;
    else
      encoded += '%' + hex(static_cast<unsigned char>(c), 2);
  }
  return encoded;
}

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double size = static_cast<double>(bytes) / 1000;
  const char* unit = "kMGTPE";
  for (; size >= 999.95; ++unit) size /= 1000;
  std::array<char, 32> digits{};
  const auto written =
      std::to_chars(digits.begin(), digits.end(), size, std::chars_format::fixed, 1);
  return std::string(digits.begin(), written.ptr) + ' ' + *unit + 'B';
}

std::string human_duration(std::int64_t seconds) {
  const auto minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
  const auto two = [](std::int64_t a, const char* unit_a, std::int64_t b, const char* unit_b) {
    return std::to_string(a) + unit_a + std::to_string(b) + unit_b;
  };
  if (days > 0) return two(days, " d ", hours % 24, " h");
  if (hours > 0) return two(hours, " h ", minutes % 60, " min");
  if (minutes > 0) return two(minutes, " min ", seconds % 60, " s");
  return std::to_string(seconds) + " s";
}

std::string short_time(std::string time) {
  time = time.substr(0, 19);
  std::ranges::replace(time, 'T', ' ');
  return time;
}

}  // namespace llmspool::cli
