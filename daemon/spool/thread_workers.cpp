// SPDX-License-Identifier: MIT
#include "spool/thread_workers.hpp"

#include <system_error>
#include <thread>

namespace llmspool::spool {
namespace {

constexpr std::chrono::seconds kIdleTime{10};

}  // namespace

ThreadWorkers::~ThreadWorkers() {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  work_came_.notify_all();
  thread_ended_.wait(lock, [&] { return threads_ == 0; });
}

void ThreadWorkers::run(std::function<void()> work) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(std::move(work));
  if (idle_ >= waiting_.size()) {
    work_came_.notify_one();
    return;
  }
  ++threads_;
  try {
    std::thread([this] { serve(); }).detach();  // counted in threads_, which the destructor awaits
  } catch (const std::system_error&) {
    if (--threads_ > 0) return;  // no more threads are to be had: one that is there comes to it
    waiting_.pop_back();
    throw;
  }
}

bool ThreadWorkers::finish(Milliseconds within) {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  work_came_.notify_all();
  return thread_ended_.wait_for(lock, within, [&] { return threads_ == 0; });
}

void ThreadWorkers::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    work_came_.wait_for(lock, kIdleTime, [&] { return !waiting_.empty() || finishing_; });
    --idle_;
    if (waiting_.empty()) break;  // nothing came, or nothing more will
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
  --threads_;
  thread_ended_.notify_all();
}

}  // namespace llmspool::spool
