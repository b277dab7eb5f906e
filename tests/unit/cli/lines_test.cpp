// SPDX-License-Identifier: MIT
// Lines of a stream that comes in pieces.
#include "lines.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace llmspool::cli {
namespace {

TEST(Lines, AreTheSameHoweverTheStreamIsCut) {
  const std::string text = "one\n\ntwo\nthree";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<std::string> taken;
    Lines lines([&](std::string_view line) { taken.emplace_back(line); });
    lines.feed(text.substr(0, cut));
    lines.feed(text.substr(cut));
    lines.finish();
    EXPECT_THAT(taken, testing::ElementsAre("one", "two", "three")) << cut;
  }
}

}  // namespace
}  // namespace llmspool::cli
