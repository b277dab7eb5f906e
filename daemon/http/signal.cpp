// SPDX-License-Identifier: MIT
#include "http/signal.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace llmspool::http {

void Signal::notify() {
  if (pending_.exchange(true)) return;
  asio::post(timer_.get_executor(), [self = shared_from_this()] { self->timer_.cancel(); });
}

void Signal::stop() {
  stopped_ = true;
  notify();
}

asio::awaitable<void> Signal::wait_until(TimePoint deadline) {
  if (pending_.exchange(false)) co_return;
  timer_.expires_at(deadline);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  pending_ = false;
}

asio::awaitable<void> Signal::wait() {
  return wait_until(TimePoint::max());
}

}  // namespace llmspool::http
