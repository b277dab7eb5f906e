// SPDX-License-Identifier: MIT
// Reading and printing the API's JSON.
#include "json.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

const json::object kObject{{"text", "a"},
                           {"number", 7},
                           {"float", 7.5},
                           {"null", nullptr},
                           {"object", {{"inner", true}}},
                           {"array", json::array{1, 2}}};

TEST(Fields, AreEmptyWhereTheyAreMissingOrOfAnotherType) {
  EXPECT_EQ(text_field(kObject, "text"), "a");
  EXPECT_EQ(text_field(kObject, "number"), "7");
  EXPECT_EQ(text_field(kObject, "null"), "");
  EXPECT_EQ(text_field(kObject, "missing"), "");
  EXPECT_EQ(integer_field(kObject, "number"), 7);
  EXPECT_EQ(integer_field(kObject, "float"), std::nullopt);
  EXPECT_EQ(integer_field(kObject, "text"), std::nullopt);
  EXPECT_EQ(object_field(kObject, "object").size(), 1);
  EXPECT_TRUE(object_field(kObject, "text").empty());
  EXPECT_TRUE(object_field(kObject, "missing").empty());
  EXPECT_EQ(array_field(kObject, "array").size(), 2);
  EXPECT_TRUE(array_field(kObject, "object").empty());
}

TEST(JsonLine, MeansTheSameAndIsHarmless) {
  const json::value value{{"text", "a\n\x1b\x7f\xc2\x9b\xc2\xa0ü"},
                          {"\u202E", "\u200F\u2066\u2069"}};
  const auto line = json_line(value);
  EXPECT_EQ(line, R"({"text":"a\n\u001b\u007F\u009B)"
                  "\xc2\xa0"
                  R"(ü","\u202E":"\u200F\u2066\u2069"})");
  EXPECT_EQ(json::parse(line), value);
}

}  // namespace
}  // namespace llmspool::cli
