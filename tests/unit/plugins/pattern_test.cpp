// SPDX-License-Identifier: MIT
#include "llamacpp/pattern.hpp"

#include <gtest/gtest.h>

namespace {

using llmspool::llamacpp::repeats_nothing;

TEST(Pattern, may_repeat_what_has_a_character) {
  for (const char* pattern :
       {"", "^[A-Z]{2}[0-9]*$", R"(^(\d{3}-)+\d{4}$)", "(a|b+)*", "(?:ab?)*", "^(a?b)+$", "(a*)?",
        R"(\(a?\)*)", "[(a?)]*", "(^a$)+", "a{0,3}", "((ab)*c){2}", "(", ")", "[", "\\", "a{"})
    EXPECT_FALSE(repeats_nothing(pattern)) << pattern;
}

TEST(Pattern, may_not_repeat_what_may_be_empty) {
  for (const char* pattern : {"(a?)*", "^(a?){150}a{150}$", "^(((a?)?){20}){20}$", "(a|b*)+",
                              "(?:a{0,2})+", "(a|){3}", "x((a*)b?)+", "()*", "(a{0}){2}"})
    EXPECT_TRUE(repeats_nothing(pattern)) << pattern;
}

}  // namespace
