// SPDX-License-Identifier: MIT
#include "plugin/params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace llmspool::plugin {
namespace {

using testing::HasSubstr;
using Type = Parameter::Type;

struct Case {
  Parameter known;
  const char* json;
  const char* wrong;  // empty: fine
};

void PrintTo(const Case& of, std::ostream* out) {
  *out << of.known.name << " = " << of.json;
}

class WrongWith : public testing::TestWithParam<Case> {};

TEST_P(WrongWith, SaysWhatWouldBeRight) {
  const auto& [known, json, wrong] = GetParam();
  EXPECT_EQ(wrong_with(boost::json::parse(json), known), wrong);
}

INSTANTIATE_TEST_SUITE_P(
    Types, WrongWith,
    testing::Values(
        Case{{"t", Type::text, "", 0, 0, {}}, R"("x")", ""},
        Case{{"t", Type::text, "", 0, 0, {}}, "1", "must be a text"},
        Case{{"t", Type::text, "", 0, 0, {"a", "b"}}, R"("b")", ""},
        Case{{"t", Type::text, "", 0, 0, {"a", "b"}}, R"("c")", "must be one of a, b"},
        Case{{"n", Type::number, "", 0, 1, {}}, "0", ""},
        Case{{"n", Type::number, "", 0, 1, {}}, "1", ""},
        Case{{"n", Type::number, "", 0, 1, {}}, "-0.01", "must be a number from 0 to 1"},
        Case{{"n", Type::number, "", 0, 1, {}}, "1.01", "must be a number from 0 to 1"},
        Case{{"n", Type::number, "", 0, 0, {}}, "-7e9", ""},
        Case{{"n", Type::number, "", 0, 0, {}}, R"("1")", "must be a number"},
        Case{{"i", Type::integer, "", 1, 9, {}}, "1", ""},
        Case{{"i", Type::integer, "", 1, 9, {}}, "9", ""},
        Case{{"i", Type::integer, "", 1, 9, {}}, "10", "must be a whole number from 1 to 9"},
        Case{{"i", Type::integer, "", 1, 9, {}}, "2.0", ""},
        Case{{"i", Type::integer, "", 1, 9, {}}, "2.5", "must be a whole number from 1 to 9"},
        Case{{"i", Type::integer, "", 1, 9, {}}, "0", "must be a whole number from 1 to 9"},
        Case{{"b", Type::boolean, "", 0, 0, {}}, "false", ""},
        Case{{"b", Type::boolean, "", 0, 0, {}}, "0", "must be true or false"},
        Case{{"l", Type::text_list, "", 0, 0, {}}, R"(["a"])", ""},
        Case{{"l", Type::text_list, "", 0, 0, {}}, R"("a")", ""},
        Case{{"l", Type::text_list, "", 0, 0, {}}, "[1]", "must be a text or a list of texts"},
        Case{{"j", Type::json, "", 0, 0, {}}, "[null]", ""}));

TEST(WrongWithOptions, IsNothingWhereTheyAreWhole) {
  const llmspool_option_t whole{.struct_size = sizeof whole,
                                .type = LLMSPOOL_TYPE_TEXT,
                                .name = "greeting",
                                .help = nullptr,
                                .minimum = 0,
                                .maximum = 0,
                                .choices = nullptr};
  const std::array options{&whole};
  EXPECT_EQ(wrong_with(options.data(), options.size()), "");
  EXPECT_EQ(wrong_with(nullptr, 0), "");
}

TEST(WrongWithOptions, IsWhatOneOfThemLacks) {
  llmspool_option_t broken{};
  const std::array<const llmspool_option_t*, 2> options{&broken, nullptr};
  EXPECT_EQ(wrong_with(options.data(), 1), "is shorter than the ABI's version 1");
  broken.struct_size = sizeof broken;
  EXPECT_EQ(wrong_with(options.data(), 1), "has no name");
  broken.name = "greeting";
  EXPECT_EQ(wrong_with(options.data(), 2), "is missing");
  EXPECT_EQ(wrong_with(nullptr, 1), "is missing");
}

TEST(CheckParams, NamesEveryFieldThatIsWrong) {
  const auto params =
      boost::json::parse(R"({"temperature": 9, "max_token": 1, "seed": 4})").get_object();
  const auto checked = check_params(params, common_params(), "params", "the backend 'x'");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::invalid);
  ASSERT_EQ(checked.error().fields.size(), 2U);
  EXPECT_EQ(checked.error().fields[0].field, "params.temperature");
  EXPECT_EQ(checked.error().fields[1].field, "params.max_token");
  EXPECT_THAT(checked.error().fields[1].detail, HasSubstr("max_tokens"));
  EXPECT_THAT(checked.error().message, HasSubstr("must be a number from 0 to 5"));
}

TEST(FittingParams, AreThoseThatAreKnownAndRight) {
  const auto params =
      boost::json::parse(R"({"temperature": 9, "top_k": 1, "seed": 4, "stop": ["."]})")
          .get_object();
  EXPECT_EQ(fitting(params, common_params()),
            boost::json::parse(R"({"seed": 4, "stop": ["."]})").get_object());
}

TEST(CheckParams, TakesWhatFits) {
  const auto params = boost::json::parse(R"({"temperature": 0.2, "stop": ["\n"]})").get_object();
  EXPECT_TRUE(check_params(params, common_params(), "params", "the backend 'x'"));
}

}  // namespace
}  // namespace llmspool::plugin
