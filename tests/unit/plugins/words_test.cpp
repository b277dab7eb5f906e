// SPDX-License-Identifier: MIT
#include "ats/words.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace llmspool::ats;

// The words of a text, those of one phrase joined by blanks.
std::vector<std::string> phrases(std::string_view text) {
  std::vector<std::string> all;
  std::size_t phrase = 0;
  for (const auto& word : words_of(text)) {
    if (all.empty() || word.phrase != phrase)
      all.emplace_back(word.text);
    else
      all.back().append(" ").append(word.text);
    phrase = word.phrase;
  }
  return all;
}
using Phrases = std::vector<std::string>;

TEST(Words, take_the_names_of_the_trade_as_they_are) {
  EXPECT_EQ(phrases("C++, C# and .NET"), (Phrases{"C++", "C# and .NET"}));
  EXPECT_EQ(phrases("Node.js, CI/CD, TCP/IP, R&D"), (Phrases{"Node.js", "CI/CD", "TCP/IP", "R&D"}));
  EXPECT_EQ(phrases("full-stack C++17"), Phrases{"full-stack C++ 17"});
  EXPECT_EQ(phrases("C#/.NET (ASP.NET)"), (Phrases{"C#", ".NET", "ASP.NET"}));
}

TEST(Words, end_at_punctuation) {
  EXPECT_EQ(phrases("It works. Well: \"so\"!\n- one\n- two"),
            (Phrases{"It works", "Well", "so", "one", "two"}));
  EXPECT_EQ(phrases("Docker/Kubernetes \u2022 Web- und App"),
            (Phrases{"Docker", "Kubernetes", "Web", "und App"}));
  EXPECT_EQ(phrases("the company's customers\u2019 data"),
            (Phrases{"the company customers", "data"}));
}

TEST(Words, leave_addresses_out) {
  EXPECT_EQ(phrases("at jobs@example.org or https://example.org/jobs now www.example.org"),
            (Phrases{"at", "or", "now"}));
}

TEST(Words, know_other_letters_than_english_ones) {
  EXPECT_EQ(phrases("\u00dcbung macht den Mei\u00dfter"),
            Phrases{"\u00dcbung macht den Mei\u00dfter"});
  EXPECT_EQ(words_of("STRASSE").at(0).key, words_of("Stra\u00dfe").at(0).key);
  EXPECT_EQ(words_of("\u00dcBUNG").at(0).key, words_of("u\u0308bung").at(0).key);
  EXPECT_TRUE(phrases("\xff\xfe \x80").empty());
  EXPECT_TRUE(phrases("").empty());
}

TEST(Words, have_one_key_for_all_spellings) {
  EXPECT_EQ(key_of("Node.js"), key_of("NodeJS"));
  EXPECT_EQ(key_of("full-stack"), key_of("Fullstack"));
  EXPECT_EQ(key_of("full\u2011stack"), key_of("Fullstack"));
  EXPECT_EQ(key_of("databases"), key_of("Database"));
  EXPECT_EQ(key_of("technologies"), key_of("Technology"));
  EXPECT_NE(key_of(".NET"), key_of("net"));
  for (const auto* word : {"css", "aws", "status", "class", "c++"}) EXPECT_EQ(key_of(word), word);
}

TEST(Words, tell_names_by_their_looks) {
  for (const auto* word : {"SQL", "JavaScript", "C#", "Node.js", "OAuth2", "CI/CD"})
    EXPECT_TRUE(looks_technical(word)) << word;
  for (const auto* word : {"Python", "data", "full-stack", "2024", ".Net", ""})
    EXPECT_FALSE(looks_technical(word)) << word;
  EXPECT_TRUE(starts_with_capital("\u00dcbung"));
  EXPECT_FALSE(starts_with_capital("\u00fcben"));
  EXPECT_FALSE(has_letter("5+"));
}

}  // namespace
