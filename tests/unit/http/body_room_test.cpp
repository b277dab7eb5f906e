// SPDX-License-Identifier: MIT
#include "http/body_room.hpp"

#include <gtest/gtest.h>

namespace llmspool::http {
namespace {

constexpr std::size_t kSmall = std::size_t{64} * 1024;
constexpr std::size_t kAll = 10 * kSmall;

TEST(BodyRoom, TakesAsMuchAsThereIsAndNoMore) {
  BodyRoom room(kAll);
  EXPECT_FALSE(room.take(kAll + 1));
  EXPECT_TRUE(room.take(kAll));
}

TEST(BodyRoom, IsGivenBackWithTheBody) {
  BodyRoom room(kAll);
  {
    const auto body = room.take(kAll);
  }
  EXPECT_TRUE(room.take(kAll));
}

TEST(BodyRoom, IsGivenBackWhereABodyShrinks) {
  BodyRoom room(kAll);
  auto body = room.take(kAll);
  ASSERT_TRUE(body && body->resize(kAll / 2));
  EXPECT_TRUE(room.take(kAll / 2));
}

TEST(BodyRoom, IsLeftAsItWasWhereThereIsNoMore) {
  BodyRoom room(kAll);
  auto body = room.take(kAll / 2);
  ASSERT_TRUE(body && !body->resize(2 * kAll));
  EXPECT_TRUE(room.take(kAll / 2));
}

TEST(BodyRoom, HasASmallBodysWhoeverTakesTheRest) {
  BodyRoom room(kAll);
  const auto body = room.take(kAll);
  EXPECT_TRUE(room.take(kSmall));
  EXPECT_FALSE(room.take(kSmall + 1));
}

}  // namespace
}  // namespace llmspool::http
