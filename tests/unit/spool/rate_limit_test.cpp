// SPDX-License-Identifier: MIT
#include "spool/rate_limit.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace llmspool::spool {
namespace {

using namespace std::chrono_literals;

struct Charge {
  Milliseconds at;
  std::int64_t amount;
};

TEST(RateLimit, TellsWhatIsLeftOfTheLastMinute) {
  struct Case {
    std::string name;
    std::int64_t per_minute;
    std::vector<Charge> charges;
    Milliseconds now;
    std::int64_t left;
    Milliseconds wait;
  };
  const std::vector<Case> cases{
      {"all at first", 10, {}, 0s, 10, 0s},
      {"what was not used", 10, {{0s, 4}, {1s, 3}}, 2s, 3, 0s},
      {"nothing until the first is a minute old", 10, {{0s, 4}, {1s, 6}}, 2s, 0, 58s},
      {"still nothing a millisecond before", 10, {{0s, 4}, {1s, 6}}, 59'999ms, 0, 1ms},
      {"what was used a minute ago", 10, {{0s, 4}, {1s, 6}}, 60s, 4, 0s},
      {"all after a minute without use", 10, {{0s, 4}, {1s, 6}}, 61s, 10, 0s},
      {"until enough of what was too much is old", 10, {{0s, 2}, {5s, 13}}, 6s, 0, 59s},
      {"until there is some, not just no longer too much", 2, {{0s, 1}, {10s, 2}}, 20s, 0, 50s},
      {"what was used at one instant is old at one instant", 10, {{0s, 5}, {0s, 5}}, 60s, 10, 0s},
      {"nothing is charged for nothing", 1, {{0s, 0}}, 0s, 1, 0s},
      {"no wait without a limit",
       0,
       {{0s, 1000}},
       0s,
       std::numeric_limits<std::int64_t>::max(),
       0s}};
  for (const Case& each : cases) {
    RateLimit limit(each.per_minute);
    for (const Charge& charge : each.charges) limit.charge(charge.at, charge.amount);
    EXPECT_EQ(limit.wait(each.now), each.wait) << each.name;
    EXPECT_EQ(limit.left(each.now), each.left) << each.name;
  }
}

TEST(Pace, WaitsForTheLongerOfBoth) {
  Pace pace{RateLimit(1), RateLimit(100)};
  pace.requests.charge(0s, 1);
  EXPECT_EQ(pace.wait(10s), 50s);
  pace.tokens.charge(5s, 100);
  EXPECT_EQ(pace.wait(10s), 55s);
}

}  // namespace
}  // namespace llmspool::spool
