// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "llamacpp/text_stream.hpp"

namespace {

using llmspool::llamacpp::TextStream;
using llmspool::llamacpp::ThoughtTags;

// What leaves at each piece and, at the end, what was held back; "|" stands between them.
std::string flow(TextStream stream, const std::vector<std::string_view>& pieces) {
  std::string all;
  for (const auto piece : pieces) {
    all += stream.add(piece) + "|";
    if (stream.stopped()) return all + "stop";
  }
  return all + stream.rest();
}
TextStream stopping_at(std::vector<std::string> stops) {
  return {std::move(stops), {}, false};
}
TextStream thinking_as(std::string begin, std::vector<std::string> ends, bool thinking) {
  return {{}, {std::move(begin), std::move(ends)}, thinking};
}

TEST(TextStream, passes_text_on_at_once) {
  EXPECT_EQ(flow(stopping_at({}), {"Dear", " Sir", "\n"}), "Dear| Sir|\n|");
}

TEST(TextStream, drops_blanks_before_the_answer) {
  EXPECT_EQ(flow(stopping_at({}), {" ", "\n Dear", " Sir"}), "|Dear| Sir|");
}

TEST(TextStream, ends_before_a_stop_text) {
  EXPECT_EQ(flow(stopping_at({"END"}), {"one END two"}), "one |stop");
  EXPECT_EQ(flow(stopping_at({"END"}), {"one E", "N", "D two"}), "one |||stop");
  EXPECT_EQ(flow(stopping_at({"two", "one"}), {"a one two"}), "a |stop");
  EXPECT_EQ(flow(stopping_at({""}), {"a"}), "a|");
}

TEST(TextStream, holds_back_only_what_may_be_a_stop_text) {
  EXPECT_EQ(flow(stopping_at({"END"}), {"one E", "NOUGH"}), "one |ENOUGH|");
  EXPECT_EQ(flow(stopping_at({"aab"}), {"aaa", "b"}), "a||stop");
  EXPECT_EQ(flow(stopping_at({"END"}), {"one EN"}), "one |EN");
}

TEST(TextStream, lets_whole_characters_leave) {
  EXPECT_EQ(flow(stopping_at({}), {"a\xc3", "\xa4", "\xe2\x82", "\xac!", "\xf0\x9f\x98", "\x80"}),
            "a|\u00e4||\u20ac!||\U0001F600|");
  // Bytes that are no UTF-8 at all are passed on; a character that never becomes whole is not.
  EXPECT_EQ(flow(stopping_at({}), {"a\xff", "\x80\x80\x80\x80", "\xc3"}),
            "a|\xff\x80\x80\x80\x80||");
}

TEST(TextStream, leaves_thoughts_out) {
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>"}, false), {"<", "t>", "hmm", "</", "t>\n\n", "So"}),
            "|||||So|");
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>"}, true), {"hmm</t>So"}), "So|");
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>", "END"}, true), {"hmmENDSo"}), "So|");
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>"}, false), {"<b>", "<t>"}), "<b>|<t>|");
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>"}, false), {"<t>hm"}), "|");
  EXPECT_EQ(flow(thinking_as("<t>", {"</t>"}, false), {"<"}), "|<");
}

TEST(TextStream, does_not_stop_in_thoughts) {
  EXPECT_EQ(flow(TextStream({"stop"}, {"<t>", {"</t>"}}, false), {"<t>stop</t>go", "stop"}),
            "go||stop");
}

}  // namespace
