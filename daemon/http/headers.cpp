// SPDX-License-Identifier: MIT
#include "http/headers.hpp"

#include <algorithm>

namespace llmspool::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view take_token(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_token_character);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

void skip_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// Takes a quoted string, whose opening quote is at the front. Browsers do not escape backslashes
// in file names, so that a backslash escapes only a quote or itself.
bool take_quoted(std::string_view& text, std::string& result) {
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return true;
    const bool escapes =
        c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\');
    result += escapes ? text.front() : c;
    if (escapes) text.remove_prefix(1);
  }
  return false;
}

}  // namespace

bool iequals(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::string lowercase(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  skip_space(text);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return iequals(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

const std::string* Headers::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const auto& field) { return iequals(field.first, name); });
  return found == fields_.end() ? nullptr : &found->second;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const auto& field) { return iequals(field.first, name); }));
}

const std::string* ParameterizedValue::parameter(std::string_view name) const {
  const auto found = std::ranges::find(
      parameters, name, [](const auto& each) -> std::string_view { return each.first; });
  return found == parameters.end() ? nullptr : &found->second;
}

bool parse_parameterized(std::string_view text, ParameterizedValue& result) {
  skip_space(text);
  std::string value(take_token(text));
  if (!text.empty() && text.front() == '/') {
    text.remove_prefix(1);
    const std::string_view subtype = take_token(text);
    if (subtype.empty()) return false;
    value += '/';
    value += subtype;
  }
  if (value.empty()) return false;
  result.value = lowercase(value);
  for (;;) {
    skip_space(text);
    if (text.empty()) return true;
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    skip_space(text);
    if (text.empty()) return true;  // a trailing semicolon is common
    const std::string_view name = take_token(text);
    if (name.empty() || text.empty() || text.front() != '=') return false;
    text.remove_prefix(1);
    std::string parameter;
    if (!text.empty() && text.front() == '"') {
      if (!take_quoted(text, parameter)) return false;
    } else {
      parameter = take_token(text);
      if (parameter.empty()) return false;
    }
    result.parameters.emplace_back(lowercase(name), std::move(parameter));
  }
}

}  // namespace llmspool::http
