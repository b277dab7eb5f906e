// SPDX-License-Identifier: MIT
#include "spool/circuit.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace llmspool::spool {
namespace {

using namespace std::chrono_literals;
using State = Circuit::State;

constexpr Milliseconds kRest = 30s;

// One that opens with the third failure, and has failed so often at 0.
Circuit failed(int times) {
  Circuit circuit(3, kRest);
  for (int i = 0; i < times; ++i) circuit.failed(0s, false);
  return circuit;
}

TEST(Circuit, OpensAfterSoManyFailuresInARow) {
  EXPECT_EQ(failed(2).state(0s), State::closed);
  EXPECT_EQ(failed(3).state(0s), State::open);
}

TEST(Circuit, TellsWhichFailureOpensIt) {
  Circuit circuit = failed(1);
  EXPECT_FALSE(circuit.failed(0s, false));
  EXPECT_TRUE(circuit.failed(0s, false));
  EXPECT_FALSE(circuit.failed(0s, false)) << "of a job that had begun before";
}

TEST(Circuit, CountsAnewAfterASuccess) {
  Circuit circuit = failed(2);
  circuit.succeeded();
  EXPECT_FALSE(circuit.failed(0s, false));
}

TEST(Circuit, NeverOpensWithoutAThreshold) {
  Circuit circuit(0, kRest);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(circuit.failed(0s, false));
  EXPECT_EQ(circuit.state(0s), State::closed);
}

TEST(Circuit, RestsAndIsTriedAgain) {
  const Circuit circuit = failed(3);
  EXPECT_EQ(circuit.wait(10s), 20s);
  EXPECT_EQ(circuit.state(kRest - 1ms), State::open);
  EXPECT_EQ(circuit.state(kRest), State::half_open);
  EXPECT_EQ(circuit.wait(kRest + 1s), 0s);
}

TEST(Circuit, AdmitsWhatItsStateAllows) {
  struct Case {
    std::string name;
    int failures;
    Milliseconds now;
    int trials, room, admitted;
  };
  for (const Case& each :
       {Case{"closed: all there is room for", 0, 0s, 1, 4, 4}, Case{"open: none", 3, 0s, 0, 4, 0},
        Case{"half open: one", 3, kRest, 0, 4, 1},
        Case{"half open: none beside the one", 3, kRest, 1, 3, 0},
        Case{"half open: none without room", 3, kRest, 0, 0, 0}})
    EXPECT_EQ(failed(each.failures).admits(each.now, each.trials, each.room), each.admitted)
        << each.name;
}

TEST(Circuit, RestsTwiceAsLongAfterEachTrialThatFails) {
  Circuit circuit = failed(3);
  EXPECT_TRUE(circuit.failed(kRest, true));
  EXPECT_EQ(circuit.wait(kRest), 2 * kRest);
  EXPECT_TRUE(circuit.failed(3 * kRest, true));
  EXPECT_EQ(circuit.wait(3 * kRest), 4 * kRest);
}

TEST(Circuit, HeedsOnlyItsTrialWhileItIsHalfOpen) {
  Circuit circuit = failed(3);
  EXPECT_FALSE(circuit.failed(kRest, false)) << "of a job that had begun before";
  EXPECT_EQ(circuit.state(kRest), State::half_open);
}

TEST(Circuit, RestsForABoundedTime) {
  Circuit circuit = failed(3);
  Milliseconds now = kRest;
  for (int i = 0; i < 20; ++i, now += circuit.wait(now)) circuit.failed(now, true);
  circuit.failed(now, true);
  EXPECT_EQ(circuit.wait(now), limits::kCircuitRestMax);
}

TEST(Circuit, DoublesItsRestNoFurtherThanToTheLongest) {
  // What it rests after a trial has failed, if it has rested so long before it.
  const auto rest_after = [](Milliseconds rest) {
    Circuit circuit(1, rest);
    circuit.failed(0s, false);
    circuit.failed(rest, true);
    return circuit.wait(rest);
  };
  EXPECT_EQ(rest_after(299s), 598s);
  EXPECT_EQ(rest_after(300s), limits::kCircuitRestMax);
  EXPECT_EQ(rest_after(301s), limits::kCircuitRestMax);
  EXPECT_EQ(rest_after(limits::kCircuitRestMax), limits::kCircuitRestMax);
}

TEST(Circuit, RestsAsAtFirstAfterATrialThatSucceeds) {
  Circuit circuit = failed(3);
  circuit.failed(kRest, true);
  circuit.succeeded();
  EXPECT_EQ(circuit.state(kRest), State::closed);
  for (int i = 0; i < 3; ++i) circuit.failed(kRest, false);
  EXPECT_EQ(circuit.wait(kRest), kRest);
}

}  // namespace
}  // namespace llmspool::spool
