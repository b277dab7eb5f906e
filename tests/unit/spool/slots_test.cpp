// SPDX-License-Identifier: MIT
#include "spool/slots.hpp"

#include <gtest/gtest.h>

#include <string>

namespace llmspool::spool {
namespace {

TEST(Slots, StartAtOnceWhileOneIsFreeAndInOrderAfterwards) {
  Slots slots(2);
  std::string started;
  for (const char name : {'a', 'b', 'c', 'd'}) slots.acquire([&started, name] { started += name; });
  EXPECT_EQ(started, "ab");
  slots.release();
  EXPECT_EQ(started, "abc");
  slots.release();
  EXPECT_EQ(started, "abcd");
}

TEST(Slots, AReleasedSlotIsFreeAgain) {
  Slots slots(1);
  int started = 0;
  slots.acquire([&] { ++started; });
  slots.release();
  slots.acquire([&] { ++started; });
  EXPECT_EQ(started, 2);
}

}  // namespace
}  // namespace llmspool::spool
