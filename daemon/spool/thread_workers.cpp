// SPDX-License-Identifier: MIT
#include "spool/thread_workers.hpp"

#include <exception>
#include <thread>

namespace llmspool::spool {
namespace {

constexpr std::chrono::seconds kIdleTime{10};

}  // namespace

ThreadWorkers::ThreadWorkers() {
  threads_ = 1;
  std::thread([this] { serve(); }).detach();  // counted in threads_, which the destructor awaits
}

ThreadWorkers::~ThreadWorkers() {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  work_came_.notify_all();
  thread_ended_.wait(lock, [&] { return threads_ == 0; });
}

void ThreadWorkers::run(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(std::move(work));
  call_up(lock);
}

// Sees to it that a thread will look for what waits, if anything does; unlocks.
void ThreadWorkers::call_up(std::unique_lock<std::mutex>& lock) {
  if (called_up_ || waiting_.empty()) return lock.unlock();
  called_up_ = true;
  if (idle_ > 0) {
    lock.unlock();
    return work_came_.notify_one();
  }
  ++threads_;
  try {
    std::thread([this] { serve(); }).detach();
  } catch (const std::exception&) {
    // No more threads are to be had: one that is there comes to it.
    called_up_ = false;
    --threads_;
  }
  lock.unlock();
}

bool ThreadWorkers::finish(Milliseconds within) {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  work_came_.notify_all();
  return thread_ended_.wait_for(lock, within, [&] { return threads_ == 0; });
}

void ThreadWorkers::serve() {
  std::unique_lock lock(mutex_);
  called_up_ = false;
  while (true) {
    if (waiting_.empty()) {
      if (finishing_) break;
      ++idle_;
      const auto woken = work_came_.wait_for(lock, kIdleTime);
      --idle_;
      called_up_ = false;
      if (waiting_.empty() && woken == std::cv_status::timeout && threads_ > 1) break;
      continue;
    }
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    call_up(lock);
    work();
    work = nullptr;
    lock.lock();
  }
  --threads_;
  thread_ended_.notify_all();
}

}  // namespace llmspool::spool
