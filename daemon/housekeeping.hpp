// SPDX-License-Identifier: MIT
// What the daemon does beside its work: answers signals, feeds systemd's watchdog, tells systemd
// how it is doing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <mutex>

#include "options.hpp"
#include "spool/local_spool.hpp"

namespace llmspool {

class Housekeeping {
 public:
  // All outlive it. `stop` is called once, at the first SIGTERM or SIGINT.
  Housekeeping(boost::asio::io_context& io, spool::Loop& loop, spool::Workers& workers,
               spool::LocalSpool& spool, pipeline::Current& pipelines, Options options,
               config::Config config, std::function<void()> stop);

  // The daemon is ready: says so, and feeds the watchdog from the loop that does the work.
  void begin();
  // A job has changed: the status text follows within a moment. On the loop.
  void on_change();

 private:
  void await_signal();
  void feed_watchdog(std::chrono::microseconds interval);
  void reload();
  Result<std::vector<std::string>> take_over();
  void tell_status();

  boost::asio::signal_set signals_;
  spool::Loop& loop_;
  spool::Workers& workers_;
  spool::LocalSpool& spool_;
  pipeline::Current& pipelines_;
  const Options options_;
  config::Config config_;  // what is in use; of reload()
  const std::function<void()> stop_;
  std::mutex reloading_;  // one at a time, or the older files might be taken last
  bool stopping_ = false;
  bool status_due_ = false;  // of the loop
};

}  // namespace llmspool
