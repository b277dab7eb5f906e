// SPDX-License-Identifier: MIT
#include "job/turn.hpp"

#include <gtest/gtest.h>

#include <map>

namespace llmspool::job {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{1h};

// Has waited since `queued`.
Head head(JobId id, std::string owner, std::string model, int priority, Milliseconds queued) {
  return {std::move(owner), std::move(model), id, priority, Time(queued)};
}

struct Taken {
  std::string owner;
  Milliseconds at;
};

// Of `heads` `next` is the one whose turn it is; 0: none.
struct Case {
  std::string name;
  std::vector<Head> heads;
  JobId next;
  Models models{};
  std::vector<Taken> before{};
  TurnRules rules{};
};

const std::vector<Case> kCases{
    {"nobody waits", {}, 0},
    {"who has waited longer", {head(1, "ann", "a", 50, 20s), head(2, "ann", "b", 50, 10s)}, 2},
    {"at the same instant the lower id",
     {head(2, "ann", "a", 50, 10s), head(1, "ann", "b", 50, 10s)},
     1},
    {"the higher priority", {head(1, "ann", "a", 50, 10s), head(2, "ann", "b", 51, 20s)}, 2},
    {"less than a minute makes up for no point",
     {head(1, "ann", "a", 50, 10s), head(2, "ann", "b", 51, 69'999ms)},
     2},
    {"a minute makes up for a point, and the lower id decides",
     {head(1, "ann", "a", 50, 10s), head(2, "ann", "b", 51, 70s)},
     1},
    {"a minute makes up for no more than a point, and the lower id decides",
     {head(2, "ann", "a", 50, 10s), head(1, "ann", "b", 51, 70s)},
     1},
    {"more than a minute makes up for more than a point",
     {head(2, "ann", "a", 50, 10s), head(1, "ann", "b", 51, 70'001ms)},
     2},
    {"aging at another's pace",
     {head(1, "ann", "a", 50, 10s), head(2, "ann", "b", 51, 12s)},
     1,
     {},
     {},
     {.aging = 1s}},
    {"an owner who has had no turn",
     {head(1, "ann", "", 50, 10s), head(2, "bob", "", 50, 20s)},
     2,
     {},
     {{"ann", 30s}}},
    {"an owner whose turn is longer ago",
     {head(1, "ann", "", 50, 10s), head(2, "bob", "", 50, 20s)},
     1,
     {},
     {{"ann", 30s}, {"bob", 40s}}},
    {"of turns of one instant the earlier",
     {head(1, "ann", "", 50, 10s), head(2, "bob", "", 50, 20s)},
     2,
     {},
     {{"bob", 30s}, {"ann", 30s}}},
    {"a higher priority, in spite of a turn",
     {head(1, "ann", "", 51, 10s), head(2, "bob", "", 50, 20s)},
     1,
     {},
     {{"ann", 30s}}},
    {"a higher priority, until another's wait is a point longer than that since the turn",
     {head(1, "ann", "", 51, 10s), head(2, "bob", "", 50, 20s)},
     1,
     {},
     {{"ann", 79'999ms}}},
    {"from then on the one whose turn is longer ago",
     {head(1, "ann", "", 51, 10s), head(2, "bob", "", 50, 20s)},
     2,
     {},
     {{"ann", 80s}}},
    {"none whose model is full",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 40, 20s)},
     2,
     {.full = {"a"}}},
    {"nobody if all models are full",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 40, 20s)},
     0,
     {.full = {"a", "b"}}},
    {"the loaded model",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s)},
     2,
     {.loaded = {"b"}}},
    {"the loaded model of the same owner",
     {head(1, "ann", "a", 50, 10s), head(2, "ann", "b", 50, 20s)},
     2,
     {.loaded = {"b"}}},
    {"a higher priority than the loaded model's",
     {head(1, "ann", "a", 51, 10s), head(2, "bob", "b", 50, 20s)},
     1,
     {.loaded = {"b"}}},
    {"not the loaded model if it is full",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s)},
     1,
     {.loaded = {"b"}, .full = {"b"}}},
    {"no loaded model without affinity",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s)},
     1,
     {.loaded = {"b"}},
     {},
     {.affinity = 0ms}},
    {"of two for the loaded model the one whose turn is sooner",
     {head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s), head(3, "cid", "b", 50, 15s)},
     3,
     {.loaded = {"b"}}},
};

JobId next_of(Turns& turns, const std::vector<Head>& heads, const Models& models,
              const TurnRules& rules, Time now) {
  const Head* next = turns.next(heads, models, rules, now);
  return next == nullptr ? 0 : next->id;
}

TEST(Turns, GoToTheOneWhoseTurnItIs) {
  for (const Case& each : kCases) {
    Turns turns;
    for (const Taken& taken : each.before)
      turns.take(head(0, taken.owner, "", 50, 0s), Time(taken.at));
    EXPECT_EQ(next_of(turns, each.heads, each.models, each.rules, kNow), each.next) << each.name;
  }
}

TEST(Turns, AlternateHoweverManyJobsOneHas) {
  std::map<std::string, int> waiting{{"ann", 4}, {"bob", 2}, {"cid", 1}};
  Turns turns;
  std::string order;
  for (Time now = kNow; order.size() < 7; now += 1s) {
    std::vector<Head> heads;
    for (const auto& [owner, jobs] : waiting)
      if (jobs > 0) heads.push_back(head(1 + std::ssize(heads), owner, "", 50, 0s));
    const Head* next = turns.next(heads, {}, {}, now);
    ASSERT_NE(next, nullptr);
    turns.take(*next, now);
    --waiting[next->owner];
    order += next->owner.front();
  }
  EXPECT_EQ(order, "abcabaa");
}

TEST(Turns, PassOverAJobForTheLoadedModelOnlyForAWhile) {
  const std::vector<Head> heads{head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s)};
  const Models models{.loaded = {"b"}};
  Turns turns;
  EXPECT_EQ(next_of(turns, heads, models, {}, kNow), 2);
  EXPECT_EQ(next_of(turns, heads, models, {}, kNow + 29'999ms), 2);
  EXPECT_EQ(next_of(turns, heads, models, {}, kNow + 30s), 1);
}

TEST(Turns, HavePatienceAnewWithTheNextJob) {
  const Models models{.loaded = {"b"}};
  const Head loaded = head(2, "bob", "b", 50, 20s);
  Turns turns;
  next_of(turns, {head(1, "ann", "a", 50, 10s), loaded}, models, {}, kNow);
  EXPECT_EQ(next_of(turns, {head(3, "ann", "a", 50, 10s), loaded}, models, {}, kNow + 30s), 2);
}

TEST(Turns, AreNotKeptFromAnOwnerByAClockThatWasSetBack) {
  Turns turns;
  turns.take(head(1, "ann", "", 50, 0s), kNow + 1h);
  const std::vector<Head> heads{head(2, "ann", "", 50, 10s), head(3, "bob", "", 50, 20s)};
  ASSERT_EQ(next_of(turns, heads, {}, {}, kNow), 3);
  turns.take(heads[1], kNow + 1s);
  EXPECT_EQ(next_of(turns, heads, {}, {}, kNow + 2s), 2);
}

TEST(Turns, PassOverAJobNoLongerWhenTheClockIsSetBack) {
  const std::vector<Head> heads{head(1, "ann", "a", 50, 10s), head(2, "bob", "b", 50, 20s)};
  const Models models{.loaded = {"b"}};
  Turns turns;
  next_of(turns, heads, models, {}, kNow + 1h);
  EXPECT_EQ(next_of(turns, heads, models, {}, kNow), 2);
  EXPECT_EQ(next_of(turns, heads, models, {}, kNow + 30s), 1);
}

}  // namespace
}  // namespace llmspool::job
