// SPDX-License-Identifier: MIT
#include "http/connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace llmspool::http {
namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

Connection::Connection(Socket socket)
    : socket_(std::move(socket)), timer_(socket_.get_executor()) {}

asio::awaitable<Connection::Moved> Connection::read_some(asio::mutable_buffer room) {
  return socket_.async_read_some(room, kAsTuple);
}

asio::awaitable<Connection::Moved> Connection::write_some(asio::const_buffer bytes) {
  return socket_.async_write_some(bytes, kAsTuple);
}

void Connection::expires_after(std::chrono::milliseconds limit) {
  deadline_ = std::chrono::steady_clock::now() + limit;
  only_reading_expires_ = false;
  if (deadline_ < watched_) watch();
}

void Connection::reading_expires_after(std::chrono::milliseconds limit) {
  expires_after(limit);
  only_reading_expires_ = true;
}

void Connection::end_reading() {
  reading_ended_ = true;
  boost::system::error_code ignored;
  std::ignore = socket_.cancel(ignored);
}

void Connection::expires_never() {
  deadline_ = TimePoint::max();
}

void Connection::close() {
  boost::system::error_code ignored;
  std::ignore = socket_.close(ignored);
  timer_.cancel();
}

void Connection::watch() {
  watched_ = deadline_;
  timer_.expires_at(deadline_);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self) self->look();
  });
}

void Connection::look() {
  watched_ = TimePoint::max();
  if (deadline_ == TimePoint::max()) return;
  if (std::chrono::steady_clock::now() < deadline_) return watch();
  only_reading_expires_ ? end_reading() : close();
}

void Connection::watch_client(std::function<void()> gone) {
  if (std::exchange(client_is_watched_, true)) return;
  auto look = [weak = weak_from_this(), gone = std::move(gone)](const boost::system::error_code&) {
    const auto self = weak.lock();
    if (!self) return;
    self->client_is_watched_ = false;
    char next = 0;
    // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): it does not block
    const auto size = ::recv(self->socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno == ECONNRESET)) gone();
  };
  socket_.async_wait(Socket::wait_read, std::move(look));
}

}  // namespace llmspool::http
