// SPDX-License-Identifier: MIT
#include "http/websocket_connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>

namespace llmspool::http {
namespace {

namespace websocket = beast::websocket;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;  // of a message, written as one frame
constexpr std::string_view kProtocol = "llmspool.v1";

bool offers_protocol(const WebSocketConnection::Upgrade& request) {
  for (const auto& field : request) {
    if (field.name() != beast::http::field::sec_websocket_protocol) continue;
    const std::string_view list(field.value().data(), field.value().size());
    if (any_listed(list, [](std::string_view each) { return each == kProtocol; })) return true;
  }
  return false;
}

Signal::TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

WebSocketConnection::WebSocketConnection(Stream stream, std::shared_ptr<Signal> signal,
                                         const Timeouts& timeouts)
    : stream_(std::move(stream)),
      signal_(std::move(signal)),
      timeouts_(timeouts),
      timer_(stream_.get_executor()) {
  stream_.next_layer().expires_never();
  websocket::stream_base::timeout limits;
  limits.handshake_timeout = timeouts_.close;            // for its end too
  limits.idle_timeout = websocket::stream_base::none();  // look_after() does better
  limits.keep_alive_pings = false;
  stream_.set_option(limits);
  stream_.read_message_max(limits::kWebSocketMessageBytesMax);
  stream_.auto_fragment(false);
  stream_.text(true);
}

asio::awaitable<void> WebSocketConnection::accept(const Upgrade& request, Headers headers) {
  if (offers_protocol(request)) headers.set("Sec-WebSocket-Protocol", std::string(kProtocol));
  auto decorate = [&headers](websocket::response_type& response) {
    for (const auto& [name, value] : headers.all()) response.set(name, value);
  };
  stream_.set_option(websocket::stream_base::decorator(decorate));
  const auto [error] = co_await stream_.async_accept(request, kAsTuple);
  if (error) co_return;
  open_ = true;
  heard_ = pinged_ = moved_ = now();
  auto heard = [this](websocket::frame_type, beast::string_view) { heard_ = now(); };
  stream_.control_callback(heard);
  const auto executor = stream_.get_executor();
  auto reading = [self = shared_from_this()] { return self->read(); };
  auto keeping = [self = shared_from_this()] { return self->keep_alive(); };
  asio::co_spawn(executor, std::move(reading), asio::detached);
  asio::co_spawn(executor, std::move(keeping), asio::detached);
}

asio::awaitable<void> WebSocketConnection::ended() {
  while (open_) co_await signal_->wait();
}

void WebSocketConnection::abort() {
  stream_.next_layer().close();
}

std::optional<std::string> WebSocketConnection::take_message() {
  if (messages_.empty()) return std::nullopt;
  std::optional<std::string> message(std::move(messages_.front()));
  messages_.pop_front();
  return message;
}

asio::awaitable<bool> WebSocketConnection::send(std::string text) {
  const std::shared_ptr<WebSocketConnection> alive = shared_from_this();
  writing_ = true;
  moved_ = now();
  std::size_t sent = 0;
  do {
    if (!open_ || closing_) break;
    const std::size_t size = std::min(kPieceBytes, text.size() - sent);
    const bool last = sent + size == text.size();
    const auto piece = asio::buffer(text.data() + sent, size);
    const auto [error, written] = co_await stream_.async_write_some(last, piece, kAsTuple);
    if (error) break;
    moved_ = now();
    sent += size;
  } while (sent < text.size());
  writing_ = false;
  co_return sent == text.size() && open_ && !closing_;
}

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  if (!open_ || closing_) return;
  closing_ = true;
  close_deadline_ = now() + timeouts_.close;
  const websocket::close_reason why(static_cast<websocket::close_code>(code), reason);
  stream_.async_close(why, [self = shared_from_this()](beast::error_code) { self->end(); });
}

// Until the connection has ended.
asio::awaitable<void> WebSocketConnection::read() {
  for (;;) {
    const auto [error, size] = co_await stream_.async_read(buffer_, kAsTuple);
    if (error) break;
    heard_ = now();
    if (stream_.got_binary()) {
      close(1003, "Only text messages are understood.");
    } else if (messages_.size() == limits::kWebSocketMessagesMax) {
      close(1008, "Too many messages at once.");
    } else {
      messages_.push_back(beast::buffers_to_string(buffer_.data()));
      signal_->notify();
    }
    buffer_.consume(buffer_.size());
    if (closing_) co_return;  // the closing handshake reads the rest
  }
  end();
}

asio::awaitable<void> WebSocketConnection::keep_alive() {
  const auto interval = std::min(timeouts_.ping, timeouts_.write) / 4;
  while (open_) {
    timer_.expires_after(interval);
    co_await timer_.async_wait(kAsTuple);
    if (open_) look_after(now());
  }
}

void WebSocketConnection::look_after(TimePoint now) {
  if (closing_) {
    if (now >= close_deadline_) abort();
  } else if (writing_ && now - moved_ >= timeouts_.write) {
    close(4009, "Nothing was taken for too long; come back with after=SEQ.");
  } else if (writing_ && now - moved_ >= timeouts_.ping / 4) {
    // A ping would wait behind the message that the client does not take.
  } else if (now - pinged_ >= timeouts_.ping) {
    if (pinging_ || heard_ < pinged_) return close(4008, "No pong came.");
    pinged_ = now;
    pinging_ = true;
    stream_.async_ping({},
                       [self = shared_from_this()](beast::error_code) { self->pinging_ = false; });
  }
}

void WebSocketConnection::end() {
  open_ = false;
  timer_.cancel();
  signal_->notify();
}

}  // namespace llmspool::http
