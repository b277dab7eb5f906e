// SPDX-License-Identifier: MIT
#include "http/url.hpp"

#include <optional>

#include "base/text.hpp"
#include "http/headers.hpp"

namespace llmspool::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    result += c;
  }
  if (has_control_characters(result) || invalid_utf8_at(result)) return std::nullopt;
  return result;
}

std::unexpected<Error> wrong(std::string_view part) {
  return fail(Code::invalid, "The " + std::string(part) +
                                 " of the address is wrong: after each % two hexadecimal digits "
                                 "must follow, and the text must be UTF-8 without control "
                                 "characters.");
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!iequals(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    break;
  }
  std::string_view query;
  if (const auto mark = target.find('?'); mark != std::string_view::npos) {
    query = target.substr(mark + 1);
    target = target.substr(0, mark);
  }
  if (target.empty()) target = "/";
  if (target.front() != '/') {
    return fail(Code::invalid, "The address must begin with a slash, as in /api/jobs.");
  }
  Target result;
  while (!target.empty()) {
    target.remove_prefix(1);
    const std::string_view segment = target.substr(0, target.find('/'));
    auto text = decoded(segment, false);
    if (!text) return wrong("path");
    result.segments.push_back(*std::move(text));
    target.remove_prefix(segment.size());
  }
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decoded(pair.substr(0, equals), true);
    auto value =
        equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1), true);
    if (!name || !value) return wrong("query");
    result.query.emplace_back(*std::move(name), *std::move(value));
  }
  return result;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
        c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

}  // namespace llmspool::http
