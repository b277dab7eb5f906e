// SPDX-License-Identifier: MIT
// Reads a TOML table key by key. What is wrong is collected, so that one reading names every
// mistake of a file; keys that nobody asked for are mistakes too.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "toml/document.hpp"

namespace llmspool::toml {

class Problems {
 public:
  void add(Position at, std::string_view sentence);
  bool empty() const { return sentences_.empty(); }
  Error error() const;  // one a line, in the order of the file

 private:
  std::multimap<Position, std::string> sentences_;
};

struct Text {
  std::string value;
  const Value* source = nullptr;
  const Position& at() const { return source->at; }
};

// The getters give nothing for a key that is not there, and for one whose value is wrong after
// having said so. `example` shows in a message what would be right. Lives no longer than the
// document and the problems it was made from.
class Table {
 public:
  using Use = std::function<void(Table&)>;

  // Gives the top level to `use`, and then reports the keys it left.
  static void read(const Document& document, Problems& problems, const Use& use);

  std::optional<Text> text(std::string_view key, std::string_view example = "\"…\"");
  std::optional<std::vector<Text>> texts(std::string_view key, std::string_view example);
  std::optional<Text> choice(std::string_view key, const std::vector<std::string>& choices);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t minimum,
                                      std::int64_t maximum);
  // A number of bytes, or a text like "16MB"; the units count in 1024s.
  std::optional<std::size_t> bytes(std::string_view key, std::size_t minimum, std::size_t maximum);
  const Value* any(std::string_view key);  // whatever it is; null: not there

  void table(std::string_view key, const Use& use);
  void tables(std::string_view key, const Use& use);  // [[key]], in the order of the file
  // Every key, each of which must be a table: [key.NAME].
  void each_table(const std::function<void(const Member& member, Table& table)>& use);
  // Every key, each of which must be a text.
  void each_text(std::string_view example,
                 const std::function<void(const Member& member, const Text& text)>& use);
  // Every key that has not been asked for; they count as asked for from now on.
  Members rest();

  bool has(std::string_view key) const { return find(key) != nullptr; }
  void missing(std::string_view key, std::string_view why);
  void wrong(const Position& at, std::string_view sentence) { problems_.add(at, sentence); }
  // 'KEY' in [TABLE]
  std::string called(std::string_view key) const;

  const Position& at() const { return value_.at; }
  const Document& document() const { return document_; }
  Problems& problems() { return problems_; }

 private:
  Table(const Document& document, const Value& value, Problems& problems, std::string path,
        bool in_list)
      : document_(document),
        value_(value),
        problems_(problems),
        path_(std::move(path)),
        in_list_(in_list) {}

  const Members& members() const { return std::get<Members>(value_.content); }
  const Member* find(std::string_view key) const;
  const Value* take(std::string_view key);
  // Says that the value should have been a `wanted`, like `example`.
  void mistyped(std::string_view key, const Value& value, std::string_view wanted,
                std::string_view example = {});
  void use_table(std::string_view key, const Value& value, bool in_list, const Use& use);
  void report_rest();
  std::string path_of(std::string_view key) const;

  const Document& document_;
  const Value& value_;
  Problems& problems_;
  const std::string path_;  // a.b of [a.b]; empty: the top level
  const bool in_list_;      // one of several [[a.b]]
  std::set<std::string, std::less<>> asked_;
};

}  // namespace llmspool::toml
