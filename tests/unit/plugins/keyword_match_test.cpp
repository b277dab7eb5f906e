// SPDX-License-Identifier: MIT
#include "ats/keyword_match.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <string>
#include <vector>

namespace {

using llmspool::ats::Match;
using llmspool::ats::match;
using llmspool::ats::rating_of;
using llmspool::ats::report_on;

bool contains(const std::vector<std::string>& terms, const std::string& term) {
  return std::find(terms.begin(), terms.end(), term) != terms.end();
}

TEST(KeywordMatch, tells_found_terms_from_missing_ones) {
  const auto result = match("I write C++ and python.", "We need Python, C++, Go and C#.");
  EXPECT_EQ(result.matched, (std::vector<std::string>{"C++", "Python"}));
  EXPECT_EQ(result.missing, (std::vector<std::string>{"C#", "Go"}));
  EXPECT_GT(result.score, 40);
  EXPECT_LT(result.score, 60);
}

TEST(KeywordMatch, goes_from_nothing_to_everything) {
  EXPECT_EQ(match("", "Python, SQL").score, 0);
  EXPECT_EQ(match("SQL; Python", "Python, SQL").score, 100);
  EXPECT_EQ(match("Python", "").score, 0);
  EXPECT_EQ(match("Python", "we are the best").score, 0);
}

TEST(KeywordMatch, weighs_what_the_posting_repeats) {
  const std::string posting = "Python. Python. Python. Excel.";
  EXPECT_GT(match("Python", posting).score, match("Excel", posting).score);
  EXPECT_EQ(match("", posting).missing, (std::vector<std::string>{"Python", "Excel"}));
}

TEST(KeywordMatch, knows_terms_of_two_words) {
  const std::string posting =
      "You know machine learning, version control and Google Cloud. A full-stack role.";
  const auto result = match("Machine Learning. Full stack work. Google maps, a cloud.", posting);
  EXPECT_TRUE(contains(result.matched, "machine learning"));
  EXPECT_TRUE(contains(result.matched, "full-stack"));
  EXPECT_TRUE(contains(result.missing, "Google Cloud"));
  EXPECT_FALSE(contains(result.missing, "machine"));
}

TEST(KeywordMatch, leaves_out_what_no_cv_can_name) {
  const auto result = match("", "Engineer at Fernhill Energy. Fernhill Energy wants R, 3 things.");
  EXPECT_EQ(result.missing, (std::vector<std::string>{"Engineer", "R"}));
  EXPECT_EQ(match("", "Wir suchen Dich mit Erfahrung in Java bei Muster GmbH").missing,
            std::vector<std::string>{"Java"});
}

TEST(KeywordMatch, reads_german) {
  const auto result = match("Ich kenne DOCKER und C++, auch \u00dcbersetzerbau.",
                            "Gute Kenntnisse in Docker, C++ und \u00dcbersetzerbau");
  EXPECT_EQ(result.score, 100);
  EXPECT_EQ(result.matched.size(), 3U);
}

TEST(KeywordMatch, names_no_more_terms_than_a_person_reads) {
  std::string posting;
  for (char a = 'a'; a <= 'z'; ++a)
    for (char b = 'a'; b <= 'z'; ++b) posting += std::string{'Q', a, b} + ", ";
  EXPECT_EQ(match("", posting).missing.size(), 25U);
}

TEST(KeywordMatch, is_the_same_in_any_locale) {
  const std::string posting = "INFORMATIK, Istanbul, Title, Python";
  const auto expected = match("informatik title", posting);
  const std::string before = std::setlocale(LC_ALL, nullptr);
  if (std::setlocale(LC_ALL, "C.UTF-8") == nullptr) GTEST_SKIP();
  const auto other = match("informatik title", posting);
  std::setlocale(LC_ALL, before.c_str());
  EXPECT_EQ(other.matched, expected.matched);
  EXPECT_EQ(other.score, expected.score);
}

TEST(KeywordMatch, rates_scores) {
  EXPECT_EQ(rating_of(100), "EXCELLENT");
  EXPECT_EQ(rating_of(75), "EXCELLENT");
  EXPECT_EQ(rating_of(74), "GOOD");
  EXPECT_EQ(rating_of(50), "GOOD");
  EXPECT_EQ(rating_of(49), "LOW");
}

TEST(KeywordMatch, reports_for_a_person) {
  const auto text = report_on({.score = 67, .matched = {"Python", "SQL"}, .missing = {"Go"}});
  EXPECT_NE(text.find("Score: 67 of 100 [GOOD]\nThe CV has 2 of the 3 terms"), text.npos) << text;
  EXPECT_NE(text.find("\n[MATCH]   Python\n[MATCH]   SQL\n[MISSING] Go\n"), text.npos) << text;
}

}  // namespace
