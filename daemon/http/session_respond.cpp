// SPDX-License-Identifier: MIT
// A session's answers: whole, bit by bit, or as a WebSocket.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdio>
#include <sstream>

#include "base/log.hpp"
#include "http/session.hpp"

namespace llmspool::http {
namespace {

namespace beast_http = beast::http;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

// A body of unknown length: in chunks, or until the connection's end for HTTP/1.0.
class Session::ChunkedBody final : public BodyWriter {
 public:
  ChunkedBody(Session& session, bool chunked) : session_(session), chunked_(chunked) {}

  asio::awaitable<bool> write(std::string text) override {
    if (text.empty()) co_return true;  // an empty chunk would end the body
    if (chunked_) {
      char size[24];
      std::snprintf(size, sizeof size, "%zx\r\n", text.size());
      text.insert(0, size);
      text += "\r\n";
    }
    co_return co_await session_.write_text(text);
  }
  asio::awaitable<bool> finish() {
    if (!chunked_) co_return false;
    co_return co_await session_.write_text("0\r\n\r\n");
  }

 private:
  Session& session_;
  const bool chunked_;
};

template <class Body>
void Session::fill(beast_http::response<Body>& message, const Request& request,
                   const Response& response) const {
  message.version(version_);
  message.result(static_cast<unsigned>(response.status));
  message.keep_alive(keep_alive_);
  const Headers headers = headers_for(request, response);
  for (const auto& [name, value] : headers.all()) message.insert(name, value);
}

// The response's own header and what stands in every one.
Headers Session::headers_for(const Request& request, const Response& response) const {
  Headers headers = response.headers;
  headers.set("X-Request-Id", request_id_);
  headers.set("X-Content-Type-Options", "nosniff");
  const std::string* origin = request.headers.find("Origin");
  if (!core_->settings.allowed_origins.empty()) headers.add("Vary", "Origin");
  if (origin && is_allowed_origin(*origin, core_->settings)) {
    headers.add("Access-Control-Allow-Origin", *origin);
    headers.add("Access-Control-Allow-Headers",
                "Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id");
    headers.add("Access-Control-Expose-Headers",
                "Location, Retry-After, Idempotency-Replayed, X-Request-Id");
  }
  return headers;
}

asio::awaitable<bool> Session::respond(const Request& request, Response& response) {
  if (response.stream) co_return co_await respond_bit_by_bit(request, response);
  if (request.method == "HEAD" || response.status == 204) {
    beast_http::response<beast_http::empty_body> message;
    fill(message, request, response);
    if (response.status != 204) message.content_length(response.body.size());
    co_return co_await write(message);
  }
  beast_http::response<beast_http::string_body> message;
  fill(message, request, response);
  message.body() = std::move(response.body);
  message.prepare_payload();
  co_return co_await write(message);
}

asio::awaitable<bool> Session::respond_bit_by_bit(const Request& request, Response& response) {
  beast_http::response<beast_http::empty_body> message;
  const bool chunked = version_ >= 11;
  keep_alive_ = keep_alive_ && chunked;
  fill(message, request, response);
  message.chunked(chunked);
  std::ostringstream header;
  header << message.base();
  const bool begun = co_await write_text(header.view());
  if (!begun || request.method == "HEAD") co_return begun;
  ChunkedBody body(*this, chunked);
  co_await response.stream(body);
  co_return co_await body.finish();
}

asio::awaitable<void> Session::upgrade(const Request& request, const Response& response) {
  stream_.expires_never();
  websocket_ =
      std::make_shared<WebSocketConnection>(std::move(stream_), signal_, core_->settings.timeouts);
  Headers headers = headers_for(request, response);
  co_await websocket_->accept(parser_->get(), std::move(headers));
  try {
    if (websocket_->open()) co_await response.websocket(*websocket_);
  } catch (const std::exception& bug) {
    log::error(std::string("A WebSocket failed: ") + bug.what(), {{"REQUEST_ID", request_id_}});
    websocket_->close(1011, "Internal error.");
  }
  co_await websocket_->ended();
}

template <class Body>
asio::awaitable<bool> Session::write(beast_http::response<Body>& message) {
  beast_http::response_serializer<Body> serializer(message);
  while (!serializer.is_done()) {
    stream_.expires_after(core_->settings.timeouts.write);
    const auto [error, size] = co_await beast_http::async_write_some(stream_, serializer, kAsTuple);
    if (error) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> Session::write_text(std::string_view text) {
  while (!text.empty()) {
    stream_.expires_after(core_->settings.timeouts.write);
    const auto buffer = asio::buffer(text.data(), text.size());
    const auto [error, size] = co_await stream_.async_write_some(buffer, kAsTuple);
    if (error) co_return false;
    text.remove_prefix(size);
  }
  stream_.expires_never();
  co_return true;
}

// Closing with unread bytes would make the kernel throw our answer away: says that no more comes
// and reads on for a while.
asio::awaitable<void> Session::linger() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  stream_.expires_after(limits::kLingerTimeout);
  buffer_.consume(buffer_.size());
  for (;;) {
    const auto [error, size] =
        co_await stream_.async_read_some(buffer_.prepare(64 * 1024), kAsTuple);
    if (error) co_return;
  }
}

}  // namespace llmspool::http
