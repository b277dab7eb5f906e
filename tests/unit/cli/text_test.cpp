// SPDX-License-Identifier: MIT
// Text for terminals and URLs.
#include "text.hpp"

#include <gtest/gtest.h>

using namespace std::string_literals;

namespace llmspool::cli {
namespace {

TEST(FirstBadByte, IsWhereTextStopsBeingText) {
  EXPECT_EQ(first_bad_byte(""), std::nullopt);
  EXPECT_EQ(first_bad_byte("plain, Grüße, 日本語, 😀"), std::nullopt);
  EXPECT_EQ(first_bad_byte("ab\0c"s), 2);
  EXPECT_EQ(first_bad_byte("Gr\xfc\xdf"), 2);          // Latin-1
  EXPECT_EQ(first_bad_byte("é\xc3"), 2);               // cut within a character
  EXPECT_EQ(first_bad_byte("a\xc0\x80"), 1);           // overlong
  EXPECT_EQ(first_bad_byte("a\xed\xa0\x80"), 1);       // a surrogate
  EXPECT_EQ(first_bad_byte("%PDF-1.7\n\xe2\xe3"), 9);  // a PDF
}

TEST(Harmless, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(harmless("two\nlines\tand Grüße"), "two\nlines\tand Grüße");
  EXPECT_EQ(harmless("\x1b[2J\x07"), "\\x1B[2J\\x07");
  EXPECT_EQ(harmless("\x7f\0"s), "\\x7F\\x00");
  EXPECT_EQ(harmless("\xc2\x9b"
                     "31m"),
            "\\x9B31m");  // CSI as one character
  EXPECT_EQ(harmless("\x9b"
                     "31m"),
            "\\x9B31m");                                        // and as a byte
  EXPECT_EQ(harmless("a\u202Eb\u2066c"), "a\\u202Eb\\u2066c");  // text that runs backwards
  EXPECT_EQ(harmless("dos\r\n"), "dos\n");
}

TEST(OneLine, HasNoLineBreak) {
  EXPECT_EQ(one_line("a\r\nb\tc"), "a b c");
}

TEST(Escaped, ShowsEveryControlCharacter) {
  EXPECT_EQ(escaped("a\r\nb\tc d"), "a\\r\\nb\\tc d");
  EXPECT_EQ(escaped("\x1b[2J\xff\u202E, Grüße"), "\\x1B[2J\\xFF\\u202E, Grüße");
}

TEST(Columns, CountsWhatIsDrawn) {
  EXPECT_EQ(columns("abc"), 3);
  EXPECT_EQ(columns("Grüße"), 5);
  EXPECT_EQ(columns("日本"), 4);
  EXPECT_EQ(columns("e\u0301"), 1);  // an accent of its own
}

TEST(Clipped, FitsAndSaysThatItWasCut) {
  EXPECT_EQ(clipped("short", 5, "…"), "short");
  EXPECT_EQ(clipped("longer text", 6, "…"), "longe…");
  EXPECT_EQ(clipped("longer text", 6, "..."), "lon...");
  EXPECT_EQ(clipped("日本語", 4, "…"), "日…");  // no half characters
  EXPECT_EQ(clipped("longer", 2, "..."), "lo");
  EXPECT_EQ(clipped("longer", 0, "…"), "");
}

TEST(Tail, IsTheEndThatFits) {
  EXPECT_EQ(tail("abcdef", 3), "def");
  EXPECT_EQ(tail("日本語", 5), "本語");
  EXPECT_EQ(tail("abc", 10), "abc");
}

TEST(PercentEncoded, IsOneSegmentWhateverIsInIt) {
  EXPECT_EQ(percent_encoded("cv-1_a.md~"), "cv-1_a.md~");
  EXPECT_EQ(percent_encoded("../a b?&#%"), "..%2Fa%20b%3F%26%23%25");
  EXPECT_EQ(percent_encoded("ü"), "%C3%BC");
}

TEST(HumanSize, HasThreeDigitsOrSo) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1234), "1.2 kB");
  EXPECT_EQ(human_size(999'960), "1.0 MB");
  EXPECT_EQ(human_size(18'446'744'073'709'551'615ULL), "18.4 EB");
}

TEST(HumanDuration, HasTwoUnits) {
  EXPECT_EQ(human_duration(0), "0 s");
  EXPECT_EQ(human_duration(40), "40 s");
  EXPECT_EQ(human_duration(200), "3 min 20 s");
  EXPECT_EQ(human_duration(11520), "3 h 12 min");
  EXPECT_EQ(human_duration(2 * 86400 + 5 * 3600), "2 d 5 h");
}

TEST(ShortTime, LeavesOutWhatNobodyReads) {
  EXPECT_EQ(short_time("2026-11-24T10:12:13.123Z"), "2026-11-24 10:12:13");
  EXPECT_EQ(short_time(""), "");
}

}  // namespace
}  // namespace llmspool::cli
