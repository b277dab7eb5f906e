// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace llmspool {
namespace {

TEST(Utf8, FindsTheFirstWrongByte) {
  struct Case {
    std::string reason, text;
    std::optional<std::size_t> at;
  };
  const std::vector<Case> cases{
      {"nothing", "", std::nullopt},
      {"one to four bytes", "a\u00e9\u20ac\U0001F600", std::nullopt},
      {"the last character there is", "\xF4\x8F\xBF\xBF", std::nullopt},
      {"a zero byte is a character", std::string("a\0b", 3), std::nullopt},
      {"a continuation without a lead", "a\x80", 1},
      {"a lead without continuation", "ab\xC3", 2},
      {"a lead with too few", "\xE2\x82", 0},
      {"a lead before another character",
       "\xC3"
       "a",
       0},
      {"two bytes for one", "\xC0\xAF", 0},
      {"three bytes for two", "\xE0\x9F\xBF", 0},
      {"four bytes for three", "\xF0\x8F\xBF\xBF", 0},
      {"a surrogate", "\xED\xA0\x80", 0},
      {"beyond U+10FFFF", "\xF4\x90\x80\x80", 0},
      {"no lead at all", "\xF5\x80\x80\x80", 0},
      {"no byte of UTF-8", "\xFF", 0},
  };
  for (const Case& c : cases) EXPECT_EQ(invalid_utf8_at(c.text), c.at) << c.reason;
}

TEST(Utf8, IsRepaired) {
  EXPECT_EQ(repaired_utf8("a\u00e9"), "a\u00e9");
  EXPECT_EQ(repaired_utf8("a\xFF"
                          "b\xC3"),
            "a\uFFFDb\uFFFD");
  EXPECT_EQ(repaired_utf8("\xE2\x82"), "\uFFFD\uFFFD");
}

TEST(Utf8, KnowsAnUnfinishedTail) {
  const std::string emoji = "\U0001F600";
  EXPECT_EQ(incomplete_utf8_tail(""), 0U);
  EXPECT_EQ(incomplete_utf8_tail("abc"), 0U);
  EXPECT_EQ(incomplete_utf8_tail("a" + emoji), 0U);
  for (std::size_t bytes = 1; bytes <= 3; ++bytes)
    EXPECT_EQ(incomplete_utf8_tail("a" + emoji.substr(0, bytes)), bytes);
  EXPECT_EQ(incomplete_utf8_tail("a\x80\x80\x80\x80"), 0U);  // garbage, which no rest mends
}

TEST(Controls, AreEscaped) {
  EXPECT_EQ(escaped_controls("plain \u00e9 \U0001F600"), "plain \u00e9 \U0001F600");
  EXPECT_EQ(escaped_controls("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(escaped_controls(std::string("\0\x1b[31m\x7f", 7)), "\\x00\\x1b[31m\\x7f");
  EXPECT_EQ(escaped_controls("\u009b31m\u00a0"), "\\x9b31m\u00a0");  // CSI in one character
  EXPECT_EQ(escaped_controls("\xFF\xC2"), "\uFFFD\uFFFD");
}

TEST(Name, IsLowerCaseAndBeginsWithALetter) {
  for (const char* good : {"a", "tiny-cv", "cover_letter", "gpt4", "a--"})
    EXPECT_TRUE(is_name(good)) << good;
  for (const char* wrong : {"", "4gpt", "-a", "_a", "A", "a b", "a.b", "a/b", "\u00e9"})
    EXPECT_FALSE(is_name(wrong)) << wrong;
  EXPECT_TRUE(is_name(std::string(64, 'x')));
  EXPECT_FALSE(is_name(std::string(65, 'x')));
}

}  // namespace
}  // namespace llmspool
