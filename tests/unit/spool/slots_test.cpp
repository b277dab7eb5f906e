// SPDX-License-Identifier: MIT
#include "spool/slots.hpp"

#include <gtest/gtest.h>

#include <string>

#include "manual_loop.hpp"

namespace llmspool::spool {
namespace {

using namespace std::chrono_literals;

class SlotsTest : public testing::Test {
 protected:
  // Asks for a slot under a name of one letter, which is kept when it starts.
  void acquire(char name) {
    slots_->acquire(&names_[static_cast<unsigned char>(name)], [this, name] { started_ += name; });
  }
  bool withdraw(char name) { return slots_->withdraw(&names_[static_cast<unsigned char>(name)]); }
  void make(int count, std::int64_t requests_per_minute = 0) {
    pace_.emplace(RateLimit(requests_per_minute), RateLimit(0));
    slots_.emplace(count, *pace_, loop_);
  }

  ManualLoop loop_;
  std::optional<Pace> pace_;
  std::optional<Slots> slots_;
  std::string started_;
  char names_[256] = {};
};

TEST_F(SlotsTest, StartAtOnceWhileOneIsFreeAndInOrderAfterwards) {
  make(2);
  for (const char name : {'a', 'b', 'c', 'd'}) acquire(name);
  EXPECT_EQ(started_, "ab");
  slots_->release();
  EXPECT_EQ(started_, "abc");
  slots_->release();
  EXPECT_EQ(started_, "abcd");
}

TEST_F(SlotsTest, AReleasedSlotIsFreeAgain) {
  make(1);
  acquire('a');
  slots_->release();
  acquire('b');
  EXPECT_EQ(started_, "ab");
}

TEST_F(SlotsTest, WhoWithdrawsIsNotStarted) {
  make(1);
  for (const char name : {'a', 'b', 'c'}) acquire(name);
  EXPECT_TRUE(withdraw('b'));
  EXPECT_FALSE(withdraw('b'));
  slots_->release();
  EXPECT_EQ(started_, "ac");
  EXPECT_FALSE(withdraw('a'));
}

TEST_F(SlotsTest, NoMoreStartInAMinuteThanTheRateAllows) {
  make(10, 2);
  acquire('a');
  loop_.pass(20s);
  for (const char name : {'b', 'c', 'd'}) acquire(name);
  EXPECT_EQ(started_, "ab");
  loop_.pass(40s - 1ms);
  EXPECT_EQ(started_, "ab");
  loop_.pass(1ms);
  EXPECT_EQ(started_, "abc");
  loop_.pass(20s);
  EXPECT_EQ(started_, "abcd");
}

}  // namespace
}  // namespace llmspool::spool
