// SPDX-License-Identifier: MIT
// A TOML file as plain values, each of which knows where in the file it stands.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace llmspool::toml {

// Where in a file something stands; lines and columns count from 1, columns in characters.
struct Position {
  std::string file;
  std::uint32_t line = 0, column = 0;
  auto operator<=>(const Position&) const = default;
};
std::string to_string(const Position& position);  // FILE:LINE:COLUMN

struct Date {  // of any of TOML's four kinds of dates and times
  std::string text;
};
struct Value;
struct Member;
using List = std::vector<Value>;
using Members = std::vector<Member>;

struct Value {
  std::variant<std::string, std::int64_t, double, bool, Date, List, Members> content;
  Position at;
};

struct Member {
  std::string key;
  Position at;  // of the key
  Value value;
};

struct Document {
  std::string source;
  Value root;  // its content is Members

  // Where the byte `offset` of `text`'s content stands in the file, past line breaks and escapes.
  Position inside(const Value& text, std::size_t offset) const;
};

// `file` is only for messages. The error is one sentence that begins with "FILE:LINE:COLUMN: ".
Result<Document> parse(std::string_view source, const std::string& file);

// The whole of a file of settings.
Result<std::string> read_file(const std::filesystem::path& file);

}  // namespace llmspool::toml
