// SPDX-License-Identifier: MIT
// Wakes the one coroutine of a connection that waits for something: a change of a job, a message,
// the end of the server.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

namespace llmspool::http {

namespace asio = boost::asio;

class Signal : public std::enable_shared_from_this<Signal> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Signal(const asio::any_io_executor& strand) : timer_(strand) {}

  // Any thread. Several calls before the coroutine looks wake it once.
  void notify();
  // Any thread: the server stops or the client has gone, so that nobody should wait for anything
  // any more.
  void stop();
  bool stopped() const { return stopped_; }

  // On the strand. Returns when notified since the last return, at `deadline`, or for no reason:
  // the caller looks again at what it waits for.
  asio::awaitable<void> wait_until(TimePoint deadline);
  asio::awaitable<void> wait();

 private:
  asio::steady_timer timer_;
  std::atomic<bool> pending_ = false, stopped_ = false;
};

}  // namespace llmspool::http
