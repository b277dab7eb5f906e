// SPDX-License-Identifier: MIT
#include "http/api/fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "base/bounded.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "job/finite.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

std::string_view a_thing(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a text";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
  }
  return "that";
}

}  // namespace

Result<json::object> parse_json_object(std::string_view body, std::string_view what) {
  const std::string subject(what);
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);  // a byte order mark
  if (const auto offset = invalid_utf8_at(body)) {
    return fail(Code::invalid, subject + " is not UTF-8 at byte " + std::to_string(*offset) + ".");
  }
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(limits::kJsonDepthMax);
  json::stream_parser parser({}, options);
  json::error_code error;
  std::size_t read = 0;
  while (read < body.size() && !error) {
    read += parser.write_some(body.data() + read, body.size() - read, error);
    if (parser.done()) break;
  }
  if (!error && !parser.done()) parser.finish(error);
  const auto rest = body.find_first_not_of(" \t\r\n", read);
  if (error == json::error::too_deep) {
    return fail(Code::invalid, subject + " is nested deeper than " +
                                   std::to_string(limits::kJsonDepthMax) + " levels.");
  }
  if (error || rest != std::string_view::npos) {
    return fail(Code::invalid, subject + " is not JSON at byte " +
                                   std::to_string(error ? read : rest) + ": " +
                                   (body.empty() ? "it is empty"
                                    : error      ? error.message()
                                                 : "more follows") +
                                   ".");
  }
  json::value value = parser.release();
  if (!value.is_object()) {
    return fail(Code::invalid,
                subject + " must be a JSON object, not " + std::string(a_thing(value)) + ".");
  }
  if (!job::all_finite(value)) {
    return fail(Code::invalid,
                subject + " has a number beyond the largest that is understood, 1.8e308.");
  }
  return std::move(value.get_object());
}

std::string number_text(const json::value& number) {
  if (!number.is_double()) return json::serialize(number);
  const double value = number.get_double();
  const double size = std::abs(value);
  const bool is_handy = size == 0 || (size >= 1e-6 && size < 1e15);
  std::array<char, 40> text{};
  const auto written =
      std::to_chars(text.begin(), text.end(), value,
                    is_handy ? std::chars_format::fixed : std::chars_format::general);
  return {text.begin(), written.ptr};
}

std::optional<std::string> not_a_document(std::string_view text) {
  if (text.starts_with("%PDF")) {
    return "it is a PDF, which is not read here; give its text as plain text or Markdown.";
  }
  const auto invalid = invalid_utf8_at(text);
  const auto nul = text.find('\0');
  if (!invalid && nul == std::string_view::npos) return std::nullopt;
  return "it looks like a binary file (such as a PDF or a word processor's) at byte " +
         std::to_string(std::min(invalid.value_or(nul), nul)) +
         "; give plain text or Markdown in UTF-8.";
}

bool Fields::has(std::string_view name) const {
  const json::value* found = object_.if_contains(name);
  return found && !found->is_null();
}

const json::value* Fields::value(std::string_view name) {
  known_.emplace_back(name);
  const json::value* found = object_.if_contains(name);
  return found && !found->is_null() ? found : nullptr;
}

const json::value* Fields::of_kind(std::string_view name, json::kind kind,
                                   std::string_view expected) {
  const json::value* found = value(name);
  if (!found || found->kind() == kind) return found;
  wrong(name,
        "it must be " + std::string(expected) + ", not " + std::string(a_thing(*found)) + ".");
  return nullptr;
}

std::optional<std::string> Fields::text(std::string_view name, std::size_t bytes_max) {
  const json::value* found = of_kind(name, json::kind::string, "a text");
  if (!found) return std::nullopt;
  std::string text(found->get_string());
  if (text.size() > bytes_max) {
    wrong(name, "it must not be longer than " + std::to_string(bytes_max) + " bytes.");
  } else if (has_control_characters(text)) {
    wrong(name, "it must not have control characters.");
  } else {
    return text;
  }
  return std::nullopt;
}

std::optional<std::string> Fields::document(std::string_view name) {
  const json::value* found = of_kind(name, json::kind::string, "a text");
  if (!found) return std::nullopt;
  std::string text(found->get_string());
  if (auto why = not_a_document(text)) {
    wrong(name, *std::move(why));
    return std::nullopt;
  }
  return text;
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t minimum,
                                            std::int64_t maximum) {
  const json::value* found = value(name);
  if (!found) return std::nullopt;
  std::optional<std::int64_t> number;
  if (found->is_int64()) {
    number = found->get_int64();
  } else if (found->is_double() && std::trunc(found->get_double()) == found->get_double() &&
             std::abs(found->get_double()) < 1e15) {
    number = static_cast<std::int64_t>(found->get_double());
  }
  if (number && *number >= minimum && *number <= maximum) return number;
  wrong(name, "it must be a whole number from " + std::to_string(minimum) + " to " +
                  std::to_string(maximum) + ", not " +
                  (found->is_number() ? number_text(*found) : std::string(a_thing(*found))) + ".");
  return std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const json::value* found = of_kind(name, json::kind::bool_, "true or false");
  return found ? std::optional(found->get_bool()) : std::nullopt;
}

std::optional<Time> Fields::time(std::string_view name) {
  constexpr std::string_view kForm = "a time such as 2026-11-24T12:00:00Z";
  const json::value* found = of_kind(name, json::kind::string, kForm);
  if (!found) return std::nullopt;
  auto time = parse_time(found->get_string());
  if (!time) wrong(name, "it must be " + std::string(kForm) + ".");
  return time;
}

const json::object* Fields::object(std::string_view name) {
  const json::value* found = of_kind(name, json::kind::object, "an object");
  return found ? &found->get_object() : nullptr;
}

const json::array* Fields::array(std::string_view name, std::size_t items_max) {
  const json::value* found = of_kind(name, json::kind::array, "a list");
  if (!found) return nullptr;
  if (found->get_array().size() <= items_max) return &found->get_array();
  wrong(name, "it must not have more than " + std::to_string(items_max) + " items.");
  return nullptr;
}

void Fields::wrong(std::string_view name, std::string detail) {
  if (wrong_.size() >= kErrorsTold) return;
  wrong_.push_back({prefix_ + shortened(name), std::move(detail)});
}

void Fields::add(const Fields& inner) {
  for (const FieldError& each : inner.wrong_) {
    if (wrong_.size() >= kErrorsTold) return;
    wrong_.push_back(each);
  }
}

void Fields::refuse_others() {
  std::size_t told = 0;
  for (const auto& [key, ignored] : object_) {
    if (std::ranges::find(known_, std::string_view(key)) != known_.end()) continue;
    if (++told > kErrorsTold) return;
    std::string list;
    for (const std::string& each : std::set(known_.begin(), known_.end()))
      list += (list.empty() ? "" : ", ") + each;
    wrong(key, "there is no such field; there are: " + list + ".");
  }
}

Result<void> Fields::check() const {
  if (!wrong_.empty()) return fail_fields(wrong_);
  return {};
}

}  // namespace llmspool::http
