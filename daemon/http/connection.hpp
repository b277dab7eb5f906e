// SPDX-License-Identifier: MIT
// A connected socket with a deadline: what it waits for then fails. Used on its executor only.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <tuple>

namespace llmspool::http {

namespace asio = boost::asio;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Moved = std::tuple<boost::system::error_code, std::size_t>;  // why not, how many bytes

  explicit Connection(Socket socket);

  // At least one byte, or an error. One read and one write may be under way at a time.
  asio::awaitable<Moved> read_some(asio::mutable_buffer room);
  asio::awaitable<Moved> write_some(asio::const_buffer bytes);

  // The connection is closed then, unless told otherwise in time. That costs nothing for each read
  // and write: the timer is left as it is while the deadline only moves away.
  void expires_after(std::chrono::milliseconds limit);
  void expires_never();
  // The same, but only reading ends then, so that an answer can still be written.
  void reading_expires_after(std::chrono::milliseconds limit);
  // What is being read fails, and nothing more should be read but to throw it away.
  void end_reading();
  bool reading_ended() const { return reading_ended_; }
  void close();
  // `gone` is called if the client ends its side of the connection before it sends anything more.
  void watch_client(std::function<void()> gone);

  Socket& socket() { return socket_; }
  asio::any_io_executor executor() { return socket_.get_executor(); }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  void watch();
  void look();

  Socket socket_;
  asio::steady_timer timer_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint watched_ = TimePoint::max();  // when the timer goes off; max: it is not set
  bool only_reading_expires_ = false, reading_ended_ = false;
  bool client_is_watched_ = false;
};

}  // namespace llmspool::http
