// SPDX-License-Identifier: MIT
// Reading and printing the API's JSON; see json.hpp.
#include "json.hpp"

#include "text.hpp"

namespace llmspool::cli {
namespace {

const json::value* find(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

}  // namespace

std::string text_field(const json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  if (!value || value->is_null()) return "";
  if (const auto* text = value->if_string()) return std::string(*text);
  return json::serialize(*value);
}

std::optional<std::int64_t> integer_field(const json::object& object, std::string_view name) {
  const auto* value = find(object, name);
  boost::system::error_code failure;
  const auto number = value ? value->to_number<std::int64_t>(failure) : 0;
  return value && !failure ? std::optional(number) : std::nullopt;
}

const json::object& object_field(const json::object& object, std::string_view name) {
  static const json::value kNone;
  const auto* value = find(object, name);
  return as_object(value ? *value : kNone);
}

const json::array& array_field(const json::object& object, std::string_view name) {
  static const json::array kNone;
  const auto* value = find(object, name);
  const auto* array = value ? value->if_array() : nullptr;
  return array ? *array : kNone;
}

const json::object& as_object(const json::value& value) {
  static const json::object kNone;
  const auto* object = value.if_object();
  return object ? *object : kNone;
}

std::string json_line(const json::value& value) {
  return harmless_json(json::serialize(value));
}

}  // namespace llmspool::cli
