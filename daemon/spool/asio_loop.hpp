// SPDX-License-Identifier: MIT
// The spool's loop as a strand of the daemon's event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include "spool/loop.hpp"

namespace llmspool::spool {

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context);
  Milliseconds uptime() const override;
  void post(std::function<void()> work) override;
  void after(Milliseconds delay, std::function<void()> work) override;

 private:
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
};

}  // namespace llmspool::spool
