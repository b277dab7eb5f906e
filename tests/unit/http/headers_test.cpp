// SPDX-License-Identifier: MIT
#include "http/headers.hpp"

#include <gtest/gtest.h>

namespace llmspool::http {
namespace {

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("content-type", "b");
  ASSERT_TRUE(headers.find("CONTENT-TYPE"));
  EXPECT_EQ(*headers.find("CONTENT-TYPE"), "a");
  EXPECT_EQ(headers.count("Content-type"), 2U);
  EXPECT_EQ(headers.find("Content"), nullptr);
  headers.set("Content-Type", "c");
  EXPECT_EQ(headers.count("content-type"), 1U);
}

TEST(ParameterizedValue, IsReadWithQuotesAndSpaces) {
  ParameterizedValue value;
  ASSERT_TRUE(parse_parameterized(R"( Form-Data ; NAME="a \"b\" \\ c;d" ; x=y; )", value));
  EXPECT_EQ(value.value, "form-data");
  EXPECT_EQ(*value.parameter("name"), R"(a "b" \ c;d)");
  EXPECT_EQ(*value.parameter("x"), "y");
  EXPECT_EQ(value.parameter("z"), nullptr);
}

TEST(ParameterizedValue, KeepsABackslashThatEscapesNothing) {
  ParameterizedValue value;
  ASSERT_TRUE(parse_parameterized(R"(form-data; filename="C:\docs\cv.md")", value));
  EXPECT_EQ(*value.parameter("filename"), R"(C:\docs\cv.md)");
}

TEST(ParameterizedValue, IsRefusedWhereItIsWrong) {
  for (const auto* text : {"", ";", "a/", "a b", "a; =b", "a; b", "a; b=", "a; b=\"c", "a,b"}) {
    ParameterizedValue value;
    EXPECT_FALSE(parse_parameterized(text, value)) << text;
  }
}

}  // namespace
}  // namespace llmspool::http
