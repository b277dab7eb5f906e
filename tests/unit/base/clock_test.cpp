// SPDX-License-Identifier: MIT
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace llmspool {
namespace {

using namespace std::chrono_literals;

TEST(Clock, WritesTimes) {
  EXPECT_EQ(format_time(Time{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(Time{1ms}), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_time(Time{-1ms}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(Time{1'795'521'600'000ms}), "2026-11-24T12:00:00.000Z");
}

TEST(Clock, ReadsTimes) {
  const Time noon{1'795'521'600'000ms};
  for (const auto& [text, expected] : std::vector<std::pair<std::string, Time>>{
           {"2026-11-24T12:00:00Z", noon},
           {"2026-11-24t12:00:00z", noon},
           {"2026-11-24 12:00:00.000Z", noon},
           {"2026-11-24T12:00:00.25Z", noon + 250ms},
           {"2026-11-24T12:00:00.123456789Z", noon + 123ms},
           {"2026-11-24T13:30:00+01:30", noon},
           {"2026-11-23T22:00:00-14:00", noon},
           {"2024-02-29T00:00:00Z", Time{1'709'164'800'000ms}},
           {"2016-12-31T23:59:60Z", Time{1'483'228'800'000ms}}})  // a leap second
    EXPECT_EQ(parse_time(text), expected) << text;
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "now",
                           "2026-11-24",
                           "2026-11-24T12:00",
                           "2026-11-24T12:00:00",
                           "2026-11-24T12:00:00.Z",
                           "2026-11-24T12:00:00.1234567890Z",
                           "2026-11-24T24:00:00Z",
                           "2026-11-24T12:60:00Z",
                           "2026-11-24T12:00:61Z",
                           "2026-13-24T12:00:00Z",
                           "2026-11-31T12:00:00Z",
                           "2025-02-29T12:00:00Z",
                           "2026-11-24T12:00:00+24:00",
                           "2026-11-24T12:00:00+01:60",
                           "2026-11-24T12:00:00+0100",
                           "2026-11-24T12:00:00Z ",
                           " 2026-11-24T12:00:00Z",
                           "26-11-24T12:00:00Z",
                           "2026/11/24T12:00:00Z",
                           "-026-11-24T12:00:00Z",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Clock, ReadsWhatItWrites) {
  for (std::int64_t t = -4'000'000'000'000; t < 8'000'000'000'000; t += 123'456'789'123) {
    const Time time{Milliseconds(t)};
    EXPECT_EQ(parse_time(format_time(time)), time) << t;
  }
}

TEST(Clock, OfTheSystemGoesOn) {
  const SystemClock clock;
  const Time before = clock.now();
  EXPECT_GT(before, Time{1'700'000'000'000ms});
  EXPECT_GE(clock.now(), before);
}

}  // namespace
}  // namespace llmspool
