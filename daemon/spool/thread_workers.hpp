// SPDX-License-Identifier: MIT
// Threads that are made when there is work and end when there has been none for a while; but one
// stays, so that work is done, though slowly, where the system gives no more threads.
//
// Work calls one thread up, and that one, before it sets to work, the next if more is waiting. So
// work that is done in an instant does not call up a thread for each piece of it, and work that
// takes long keeps no other waiting.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "spool/loop.hpp"

namespace llmspool::spool {

class ThreadWorkers final : public Workers {
 public:
  ThreadWorkers();
  ThreadWorkers(const ThreadWorkers&) = delete;
  ThreadWorkers& operator=(const ThreadWorkers&) = delete;
  ~ThreadWorkers() override;  // waits for all work to end

  void run(std::function<void()> work) override;
  // Lets the threads end when nothing is left to do; false if some work has not ended in time.
  bool finish(Milliseconds within);

 private:
  void serve();
  void call_up(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable work_came_, thread_ended_;
  std::deque<std::function<void()>> waiting_;
  std::size_t threads_ = 0, idle_ = 0;
  bool called_up_ = false;  // a thread that will look for work
  bool finishing_ = false;
};

}  // namespace llmspool::spool
