// SPDX-License-Identifier: MIT
// Finds the place in the file that belongs to a place in a text which the file spells with quotes,
// line breaks and escapes.
#include <algorithm>

#include "toml/document.hpp"

namespace llmspool::toml {
namespace {

// Goes through the source character by character and counts lines and columns as the parser does.
class Cursor {
 public:
  explicit Cursor(std::string_view source) : source_(source) {
    if (starts_with("\xEF\xBB\xBF")) byte_ = 3;
  }

  bool at_end() const { return byte_ >= source_.size(); }
  char current() const { return at_end() ? '\0' : source_[byte_]; }
  bool starts_with(std::string_view text) const {
    return source_.substr(std::min(byte_, source_.size())).starts_with(text);
  }
  bool before(std::uint32_t line, std::uint32_t column) const {
    return line_ < line || (line_ == line && column_ < column);
  }
  std::string_view next(std::size_t bytes) const { return source_.substr(byte_, bytes); }
  std::uint32_t line() const { return line_; }
  std::uint32_t column() const { return column_; }

  // Goes past one character and gives its length in bytes.
  std::size_t step() {
    if (at_end()) return 0;
    const std::size_t begin = byte_;
    const bool line_break = source_[byte_++] == '\n';
    while (!at_end() && (static_cast<unsigned char>(source_[byte_]) & 0xC0U) == 0x80U) ++byte_;
    line_ += line_break ? 1 : 0;
    column_ = line_break ? 1 : column_ + 1;
    return byte_ - begin;
  }
  void steps(std::size_t characters) {
    while (characters-- > 0) step();
  }

 private:
  std::string_view source_;
  std::size_t byte_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// How many bytes the character with these hexadecimal digits has in UTF-8.
std::size_t utf8_length(std::string_view digits) {
  unsigned long code = 0;
  for (const char c : digits)
    code = code * 16 + static_cast<unsigned long>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

// Goes past an escape, whose backslash is current, and gives the bytes it stands for.
std::size_t step_escape(Cursor& cursor) {
  cursor.step();
  const char kind = cursor.current();
  cursor.step();
  if (kind != 'u' && kind != 'U') return 1;
  const std::size_t digits = kind == 'u' ? 4 : 8;
  const std::size_t length = utf8_length(cursor.next(digits));
  cursor.steps(digits);
  return length;
}

}  // namespace

Position Document::inside(const Value& text, std::size_t offset) const {
  Cursor cursor(source);
  while (!cursor.at_end() && cursor.before(text.at.line, text.at.column)) cursor.step();
  const bool literal = cursor.current() == '\'';
  const bool multi_line = cursor.starts_with(R"(""")") || cursor.starts_with("'''");
  cursor.steps(multi_line ? 3 : 1);
  if (multi_line && cursor.starts_with("\r\n")) cursor.step();
  if (multi_line && cursor.starts_with("\n")) cursor.step();

  for (std::size_t passed = 0; !cursor.at_end();) {
    if (!literal && cursor.current() == '\\' && cursor.next(2).size() == 2 &&
        is_blank(cursor.next(2)[1])) {
      cursor.step();
      while (is_blank(cursor.current())) cursor.step();
      continue;
    }
    if (passed >= offset) break;
    if (!literal && cursor.current() == '\\') {
      passed += step_escape(cursor);
    } else if (cursor.starts_with("\r\n")) {
      cursor.steps(2);
      passed += 1;
    } else {
      passed += cursor.step();
    }
  }
  return {text.at.file, cursor.line(), cursor.column()};
}

}  // namespace llmspool::toml
