// SPDX-License-Identifier: MIT
#include "llamacpp/pattern.hpp"

#include <gtest/gtest.h>

namespace {

using llmspool::llamacpp::has_too_many_states;

TEST(Pattern, may_repeat_what_has_a_character) {
  for (const char* pattern : {"",
                              "^[A-Z]{2}[0-9]*$",
                              R"(^(\d{3}-)+\d{4}$)",
                              "(a|b+)*",
                              "(?:ab?)*",
                              "^(a?b)+$",
                              "(a*)?",
                              R"(\(a?\)*)",
                              "[(a?)]*",
                              "(^a$)+",
                              "a{0,3}",
                              "(a?){1}",
                              "^([a-z]{1,20}-){0,20}$",
                              "a{2000}",
                              "(a+){9}",
                              "((ab)*c){2}",
                              "(",
                              ")",
                              "[",
                              "\\",
                              "a{"})
    EXPECT_FALSE(has_too_many_states(pattern)) << pattern;
}

TEST(Pattern, may_not_repeat_repeats_hundreds_of_times) {
  for (const char* pattern :
       {"^(((([a-z]{1,9}){1,9}){1,9}){1,9}){1,9}$", "(x(ab{30}c){30})", "((a{ 1, 99 }){9})"})
    EXPECT_TRUE(has_too_many_states(pattern)) << pattern;
}

TEST(Pattern, may_not_repeat_what_may_be_empty) {
  for (const char* pattern :
       {"(a?)*", "^(a?){150}a{150}$", "^(((a?)?){20}){20}$", "(a|b*)+", "(?:a{0,2})+", "(a|){3}",
        "x((a*)b?)+", "()*", "(a{0}){2}", "(a{ 0,1}){150}"})
    EXPECT_TRUE(has_too_many_states(pattern)) << pattern;
}

}  // namespace
