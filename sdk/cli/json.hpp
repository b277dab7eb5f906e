// SPDX-License-Identifier: MIT
// Reading and printing the API's JSON. A field that is missing or of another type reads as empty:
// the tool shows what it understands and serves daemons older and newer than itself.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmspool::cli {

namespace json = boost::json;

// A field as text: a string as it is, null and what is missing as "", anything else as JSON.
std::string text_field(const json::object& object, std::string_view name);
std::optional<std::int64_t> integer_field(const json::object& object, std::string_view name);
const json::object& object_field(const json::object& object, std::string_view name);
const json::array& array_field(const json::object& object, std::string_view name);

// The value itself if it is an object, else an empty one.
const json::object& as_object(const json::value& value);
const json::object& as_object(json::value&& value) = delete;  // it would not outlive the call

// The value on one line, with nothing in it that a terminal obeys.
std::string json_line(const json::value& value);

}  // namespace llmspool::cli
