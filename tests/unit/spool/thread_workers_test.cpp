// SPDX-License-Identifier: MIT
#include "spool/thread_workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

namespace llmspool::spool {
namespace {

TEST(ThreadWorkers, RunWorkSideBySide) {
  ThreadWorkers workers;
  std::promise<void> first, second;
  // Each waits for the other: on one thread neither would ever end.
  workers.run([&] {
    first.set_value();
    second.get_future().wait();
  });
  workers.run([&] {
    first.get_future().wait();
    second.set_value();
  });
  EXPECT_TRUE(workers.finish(std::chrono::seconds(30)));
}

TEST(ThreadWorkers, LetNoWorkWaitForWorkThatTakesLong) {
  constexpr int kMany = 20;
  ThreadWorkers workers;
  std::latch all_have_begun(kMany);
  for (int i = 0; i < kMany; ++i) workers.run([&] { all_have_begun.arrive_and_wait(); });
  EXPECT_TRUE(workers.finish(std::chrono::seconds(30)));
}

TEST(ThreadWorkers, DoAllThatTheyWereGiven) {
  std::atomic<int> done = 0;
  {
    ThreadWorkers workers;
    for (int i = 0; i < 100; ++i) workers.run([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(ThreadWorkers, TellWhenWorkDoesNotEnd) {
  ThreadWorkers workers;
  std::promise<void> release;
  workers.run([&] { release.get_future().wait(); });
  EXPECT_FALSE(workers.finish(Milliseconds(1)));
  release.set_value();
  EXPECT_TRUE(workers.finish(std::chrono::seconds(30)));
}

}  // namespace
}  // namespace llmspool::spool
