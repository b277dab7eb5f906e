// SPDX-License-Identifier: MIT
#include "http/url.hpp"

#include <gmock/gmock.h>

namespace llmspool::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Target, IsSplitIntoDecodedSegmentsAndPairs) {
  const auto target = parse_target("/api/jobs/7/files/caf%C3%A9%2Fx.md?a=1&b=x+y%26z&c&&a=2");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("api", "jobs", "7", "files", "café/x.md"));
  EXPECT_THAT(target->query,
              ElementsAre(Pair("a", "1"), Pair("b", "x y&z"), Pair("c", ""), Pair("a", "2")));
}

TEST(Target, MayBeAbsoluteOrTheRoot) {
  EXPECT_THAT(parse_target("http://localhost:7741/api?x=1")->segments, ElementsAre("api"));
  EXPECT_THAT(parse_target("HTTP://localhost")->segments, ElementsAre(""));
  EXPECT_THAT(parse_target("http://localhost?x=1")->query, ElementsAre(Pair("x", "1")));
  EXPECT_THAT(parse_target("/")->segments, ElementsAre(""));
  EXPECT_THAT(parse_target("/a/")->segments, ElementsAre("a", ""));
  EXPECT_THAT(parse_target("/a+b")->segments, ElementsAre("a+b"));
}

TEST(Target, IsRefusedWhereItIsWrong) {
  for (const auto* text : {"/%", "/%4", "/%zz", "/a?b=%", "/%00", "/%0a", "/%ff", "/?%ff=1",
                           "api/jobs", "ftp://host/"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, Code::invalid);
  }
}

TEST(PercentEncoding, EscapesAllButTheUnreserved) {
  EXPECT_EQ(percent_encoded("a-Z_0.~ é/%"), "a-Z_0.~%20%C3%A9%2F%25");
}

}  // namespace
}  // namespace llmspool::http
