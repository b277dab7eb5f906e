// SPDX-License-Identifier: MIT
#include "spool/asio_loop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

namespace llmspool::spool {

namespace asio = boost::asio;

AsioLoop::AsioLoop(asio::io_context& context) : strand_(asio::make_strand(context)) {}

Milliseconds AsioLoop::uptime() const {
  return std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

void AsioLoop::post(std::function<void()> work) {
  asio::post(strand_, std::move(work));
}

void AsioLoop::after(Milliseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(strand_, delay);
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code cancelled) {
    if (!cancelled) work();
  });
}

}  // namespace llmspool::spool
