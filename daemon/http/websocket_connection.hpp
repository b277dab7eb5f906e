// SPDX-License-Identifier: MIT
// A WebSocket on a connection's strand: reads messages, answers and sends pings, and notices a
// client that is dead or takes nothing.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>

#include "http/message.hpp"
#include "http/settings.hpp"

namespace llmspool::http {

namespace beast = boost::beast;

// A connected socket, Unix or TCP.
using Stream = beast::basic_stream<asio::generic::stream_protocol>;

class WebSocketConnection final : public WebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  using Upgrade = beast::http::request<beast::http::string_body>;

  WebSocketConnection(Stream stream, std::shared_ptr<Signal> signal, const Timeouts& timeouts);

  // The handshake; afterwards the connection is open, or the client is gone.
  asio::awaitable<void> accept(const Upgrade& request, Headers headers);
  asio::awaitable<void> ended();  // returns once it is no longer open
  void abort();                   // at once, without a closing handshake

  bool open() const override { return open_; }
  std::optional<std::string> take_message() override;
  asio::awaitable<bool> send(std::string text) override;
  void close(std::uint16_t code, std::string_view reason) override;

 private:
  using TimePoint = Signal::TimePoint;

  asio::awaitable<void> read();
  asio::awaitable<void> keep_alive();
  void look_after(TimePoint now);
  void end();

  beast::websocket::stream<Stream> stream_;
  const std::shared_ptr<Signal> signal_;
  const Timeouts timeouts_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::deque<std::string> messages_;
  bool open_ = false, closing_ = false, writing_ = false, pinging_ = false;
  TimePoint heard_, pinged_, moved_, close_deadline_;  // moved_: when the client last took a piece
};

}  // namespace llmspool::http
