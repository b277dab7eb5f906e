// SPDX-License-Identifier: MIT
// The one thread that writes. It takes all changes that have gathered, makes them in one
// transaction, syncs once, and then answers each: many clients share a sync, and a single change
// waits for nobody.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/task.hpp"

namespace llmspool::store::sqlite {

class Writer {
 public:
  Writer(Database database, const Clock& clock, Changes::Options options);
  ~Writer();  // after everything that was pushed has been answered
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void push(std::unique_ptr<Task> task);  // any thread

 private:
  using Tasks = std::vector<std::unique_ptr<Task>>;

  void run();
  Tasks take();  // blocks until there are some, or nothing more will come
  void commit(Tasks& tasks);
  // All of them in one transaction, or none.
  struct Failed {
    Error error;
    bool making = false;  // while a task made its change: another may do better without it
  };
  std::optional<Failed> commit_together(std::span<const std::unique_ptr<Task>> tasks);
  std::optional<Failed> try_together(std::span<const std::unique_ptr<Task>> tasks);
  void roll_back();
  bool give_back_space();

  Database database_;
  Changes changes_;
  bool space_to_give_back_ = false;

  std::mutex mutex_;
  std::condition_variable gathered_;
  std::deque<std::unique_ptr<Task>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace llmspool::store::sqlite
