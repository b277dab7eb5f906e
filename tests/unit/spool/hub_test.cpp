// SPDX-License-Identifier: MIT
#include "spool/hub.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "scratch_store.hpp"

namespace llmspool::spool {
namespace {

class HubTest : public testing::Test {
 protected:
  // What the ledger does after each commit.
  void publish(const store::Applied& applied) { hub_.publish(applied.job, applied.events); }

  static std::vector<job::Seq> seqs(const Result<std::vector<PublishedPtr>>& events) {
    std::vector<job::Seq> all;
    EXPECT_TRUE(events) << events.error().message;
    for (const auto& event : *events) all.push_back(event->seq);
    return all;
  }

  ScratchStore store_;
  job::Outlook expected_;
  Hub hub_{*store_, [this](const job::Job&) { return expected_; }};
  std::atomic<int> woken_ = 0;
};

TEST_F(HubTest, WakesAFollowerAndGivesWhatIsNew) {
  const auto id = store_.submit().job.id;
  Hub::Following following(hub_, id, [&] { ++woken_; });
  EXPECT_EQ(seqs(following.events(0)), (std::vector<job::Seq>{1}));
  publish(store_.apply(id, job::Hold{}));
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(seqs(following.events(1)), (std::vector<job::Seq>{2}));
  EXPECT_TRUE(seqs(following.events(2)).empty());
}

TEST_F(HubTest, ReadsWhatIsNotInMemoryFromTheStore) {
  const auto id = store_.submit().job.id;
  Hub::Following following(hub_, id, [] {});
  EXPECT_FALSE(following.events_in_memory(0));
  publish(store_.apply(id, job::Hold{}));
  EXPECT_TRUE(following.events_in_memory(1));
  EXPECT_FALSE(following.events_in_memory(0));
  EXPECT_EQ(seqs(following.events(0)), (std::vector<job::Seq>{1, 2}));
}

TEST_F(HubTest, SharesOneSerialisationAmongFollowers) {
  const auto id = store_.submit().job.id;
  Hub::Following first(hub_, id, [] {});
  Hub::Following second(hub_, id, [] {});
  publish(store_.apply(id, job::Hold{}));
  EXPECT_EQ(first.events(1)->front().get(), second.events(1)->front().get());
  EXPECT_EQ(first.snapshot()->get(), second.snapshot()->get());
}

TEST_F(HubTest, ShowsTheNewestState) {
  const auto id = store_.submit().job.id;
  Hub::Following following(hub_, id, [] {});
  EXPECT_EQ((*following.snapshot())->seq(), 1);
  publish(store_.apply(id, job::Cancel{}));
  const auto snapshot = following.snapshot();
  ASSERT_TRUE(snapshot);
  EXPECT_EQ((*snapshot)->seq(), 2);
  EXPECT_TRUE((*snapshot)->ended());
}

TEST_F(HubTest, NeverGoesBackToAnOlderState) {
  const auto id = store_.submit().job.id;
  const auto held = store_.apply(id, job::Hold{}), cancelled = store_.apply(id, job::Cancel{});
  Hub::Following following(hub_, id, [] {});
  EXPECT_EQ((*following.snapshot())->seq(), 3) << "by the store's word";
  for (const auto& applied : {held, cancelled}) {
    publish(applied);
    EXPECT_EQ((*following.snapshot())->seq(), 3);
    EXPECT_EQ(seqs(following.events(1)), (std::vector<job::Seq>{2, 3})) << "and all up to it";
  }
}

TEST_F(HubTest, WakesNobodyForAnotherJob) {
  const auto id = store_.submit().job.id;
  const auto other = store_.submit().job.id;
  Hub::Following following(hub_, id, [&] { ++woken_; });
  publish(store_.apply(other, job::Hold{}));
  EXPECT_EQ(woken_, 0);
}

TEST_F(HubTest, TellsFollowersThatAJobIsGone) {
  const auto id = store_.submit().job.id;
  Hub::Following following(hub_, id, [&] { ++woken_; });
  publish(store_.apply(id, job::Cancel{}));
  std::promise<void> removed;
  store_->remove(id, [&](const auto& result) {
    EXPECT_TRUE(result);
    removed.set_value();
  });
  removed.get_future().wait();
  hub_.removed(id);
  EXPECT_EQ(woken_, 2);
  const auto snapshot = following.snapshot();
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, Code::not_found);
}

TEST_F(HubTest, KeepsABoundedNumberInMemoryAndLosesNone) {
  const auto id = store_.submit(true).job.id;
  Hub::Following following(hub_, id, [] {});
  constexpr int kChanges = 600;
  for (int i = 0; i < kChanges; ++i)
    publish(store_.apply(id, job::Change{.priority = i % 2, .labels = {}, .not_before = {}}));
  EXPECT_FALSE(following.events_in_memory(0));
  job::Seq after = 0;
  while (true) {
    const auto events = following.events(after);
    ASSERT_TRUE(events);
    if (events->empty()) break;
    for (const auto& event : *events) ASSERT_EQ(event->seq, ++after);
  }
  EXPECT_EQ(after, kChanges + 1);
}

}  // namespace
}  // namespace llmspool::spool
