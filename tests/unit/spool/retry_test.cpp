// SPDX-License-Identifier: MIT
#include "spool/retry.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace llmspool::spool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RetryDelay, DoublesFromAttemptToAttempt) {
  EXPECT_EQ(retry_delay(1, 0, 1), seconds(1));
  EXPECT_EQ(retry_delay(2, 0, 1), seconds(2));
  EXPECT_EQ(retry_delay(5, 0, 1), seconds(16));
}

TEST(RetryDelay, IsBounded) {
  EXPECT_EQ(retry_delay(9, 0, 1), seconds(256));
  EXPECT_EQ(retry_delay(10, 0, 1), seconds(300));
  EXPECT_EQ(retry_delay(100, 0, 1), seconds(300));
}

TEST(RetryDelay, SpreadsOverTheUpperQuarter) {
  EXPECT_EQ(retry_delay(1, 0, 0), milliseconds(750));
  EXPECT_EQ(retry_delay(1, 0, 0.5), milliseconds(875));
}

TEST(RetryDelay, IsAtLeastWhatTheBackendAskedFor) {
  EXPECT_EQ(retry_delay(1, 7, 0), seconds(7));
  EXPECT_EQ(retry_delay(10, 7, 1), seconds(300));
}

TEST(RetryDelay, IsAtMostADayThoughTheBackendAskedForMore) {
  constexpr seconds kDay{86'400};
  EXPECT_EQ(retry_delay(1, 86'399, 1), kDay - seconds(1));
  EXPECT_EQ(retry_delay(1, 86'400, 1), kDay);
  EXPECT_EQ(retry_delay(1, 86'401, 1), kDay);
}

TEST(RetryDelay, TakesNoNonsenseFromABackend) {
  EXPECT_EQ(retry_delay(1, -5, 1), seconds(1));
  EXPECT_EQ(retry_delay(1, std::numeric_limits<double>::quiet_NaN(), 1), seconds(1));
  EXPECT_EQ(retry_delay(1, 1e300, 1), seconds(24 * 3600));
}

}  // namespace
}  // namespace llmspool::spool
