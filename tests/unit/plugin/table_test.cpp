// SPDX-License-Identifier: MIT
#include "plugin/table.hpp"

#include <gtest/gtest.h>

#include <llmspool/plugin.hpp>

namespace llmspool::plugin {
namespace {

class TableTest : public testing::Test {
 protected:
  const boost::json::object object_ = boost::json::parse(R"({
    "text": "hello", "number": 2.5, "whole": 3, "yes": true, "none": null,
    "list": ["a", "b"], "mixed": ["a", 1], "object": {"x": [1]}
  })")
                                          .get_object();
  const Table table_{object_};
  const llmspool::Table view_{table_.abi()};
};

TEST_F(TableTest, GivesEachValueByItsType) {
  EXPECT_EQ(view_.text("text"), "hello");
  EXPECT_EQ(view_.number("number"), 2.5);
  EXPECT_EQ(view_.number("whole"), 3);
  EXPECT_EQ(view_.boolean("yes"), true);
}

TEST_F(TableTest, GivesNothingForAnotherTypeOrNoKey) {
  EXPECT_FALSE(view_.text("number"));
  EXPECT_FALSE(view_.number("text"));
  EXPECT_FALSE(view_.boolean("whole"));
  EXPECT_FALSE(view_.text("none"));
  EXPECT_FALSE(view_.text("missing"));
}

TEST_F(TableTest, ASingleTextIsAListOfOne) {
  EXPECT_EQ(view_.texts("list"), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(view_.texts("text"), (std::vector<std::string_view>{"hello"}));
  EXPECT_EQ(view_.texts("mixed"), (std::vector<std::string_view>{"a"}));
  EXPECT_TRUE(view_.texts("missing").empty());
}

TEST_F(TableTest, GivesAnyValueAsJsonThatStays) {
  const auto first = view_.value_json("object");
  EXPECT_EQ(first, R"({"x":[1]})");
  EXPECT_EQ(view_.value_json("list"), R"(["a","b"])");
  EXPECT_EQ(view_.value_json("object")->data(), first->data());
  EXPECT_FALSE(view_.value_json("missing"));
}

TEST(EmptyTable, IsAnEmptyObject) {
  const boost::json::object object;
  const Table table(object);
  EXPECT_EQ(llmspool::Table(table.abi()).json(), "{}");
}

}  // namespace
}  // namespace llmspool::plugin
