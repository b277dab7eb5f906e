// SPDX-License-Identifier: MIT
#include "pipeline/template.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace llmspool::pipeline {
namespace {

constexpr std::string_view kForms = "inputs.NAME or steps.NAME.text";

// The key of a report is a plugin's choice, so that capitals are allowed.
bool is_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return text.substr(text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::expected<Reference, std::string> parse_reference(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view head = text.substr(0, dot);
  const std::string_view tail = dot == text.npos ? "" : text.substr(dot + 1);
  if (head == "inputs" && is_name(tail))
    return Reference{Reference::Kind::input, std::string(tail), ""};
  if (head == "steps") {
    const std::size_t end = tail.find('.');
    const std::string_view name = tail.substr(0, end);
    if (is_name(name) && end != tail.npos && tail.substr(end + 1) == "text")
      return Reference{Reference::Kind::step_text, std::string(name), ""};
    return std::unexpected("it must be steps.NAME.text: a step gives its text and nothing else");
  }
  if (head != "inputs" && is_name(head) && is_key(tail))
    return Reference{Reference::Kind::step_report, std::string(head), std::string(tail)};
  return std::unexpected("it must be " + std::string(kForms));
}

std::expected<Template, Template::Wrong> Template::parse(std::string_view text) {
  Template result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("{{", at);
    if (open != at) result.pieces_.emplace_back(std::string(text.substr(at, open - at)));
    if (open == text.npos) break;
    const std::size_t close = text.find("}}", open);
    if (close == text.npos) return std::unexpected(Wrong{open, "'{{' is never closed by '}}'"});

    const std::string_view inner = trimmed(text.substr(open + 2, close - open - 2));
    const auto offset = static_cast<std::size_t>(inner.data() - text.data());
    auto reference = parse_reference(inner);
    if (!reference || reference->kind == Reference::Kind::step_report) {
      const std::string why = reference ? "it must be " + std::string(kForms) : reference.error();
      return std::unexpected(
          Wrong{offset, "'{{ " + std::string(inner) + " }}' is nothing known: " + why});
    }
    reference->offset = offset;
    result.references_.push_back(*reference);
    result.pieces_.emplace_back(std::move(*reference));
    at = close + 2;
  }
  return result;
}

std::string Template::render(const std::function<std::string_view(const Reference&)>& value) const {
  std::string text;
  for (const auto& piece : pieces_) {
    if (const auto* literal = std::get_if<std::string>(&piece))
      text += *literal;
    else
      text += value(std::get<Reference>(piece));
  }
  return text;
}

}  // namespace llmspool::pipeline
