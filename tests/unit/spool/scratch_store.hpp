// SPDX-License-Identifier: MIT
// A real store in a folder that is gone with the test.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>

#include "store/sqlite/store.hpp"

namespace llmspool::spool {

class ScratchStore {
 public:
  ScratchStore() {
    std::filesystem::remove_all(directory_);
    auto opened = store::sqlite::open({.directory = directory_, .clock = clock_});
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  ~ScratchStore() {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }

  // A stored prompt job for the backend "echo".
  store::Applied submit(bool hold = false) {
    std::promise<store::Applied> stored;
    store::Submission submission;
    submission.job.owner = "alice";
    submission.job.backends = {"echo"};
    submission.job.backend = "echo";
    submission.request.messages = {{"user", "hello"}};
    submission.hold = hold;
    store_->submit(std::move(submission), [&](auto result) {
      ASSERT_TRUE(result) << result.error().message;
      stored.set_value(result->applied);
    });
    return stored.get_future().get();
  }
  store::Applied apply(job::JobId id, job::Command command) {
    std::promise<store::Applied> stored;
    store_->apply(id, std::nullopt, {std::move(command)}, [&](auto result) {
      ASSERT_TRUE(result) << result.error().message;
      stored.set_value(*result);
    });
    return stored.get_future().get();
  }

 private:
  const SystemClock clock_;
  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() /
      ("llmspool-" + std::to_string(::getpid()) + "-" +
       testing::UnitTest::GetInstance()->current_test_info()->name());
  std::unique_ptr<store::Store> store_;
};

}  // namespace llmspool::spool
