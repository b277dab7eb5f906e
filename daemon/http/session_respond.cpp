// SPDX-License-Identifier: MIT
// A session's answers: whole, bit by bit, or as a WebSocket.
#include <boost/beast/http/status.hpp>
#include <cstdio>

#include "base/log.hpp"
#include "http/session.hpp"

namespace llmspool::http {
namespace {

// A body up to here is sent in one piece with its header, of which it needs a copy.
constexpr std::size_t kJoinedBytes = std::size_t{16} * 1024;
constexpr std::size_t kLingerBytes = std::size_t{64} * 1024;  // read at once, and thrown away

}  // namespace

// A body that is made as it is written: in chunks, or until the connection's end where its length
// is told or the client is one of HTTP/1.0.
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

// What stands in every response's header.
void Session::add_headers(const Request& request, Headers& headers) const {
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
}

// Status line and header, with the empty line that ends them.
std::string Session::head_of(const Request& request, Response& response) const {
  add_headers(request, response.headers);
  if (keep_alive_ != (version_ >= 11))
    response.headers.set("Connection", keep_alive_ ? "keep-alive" : "close");
  const std::string_view reason =
      beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
  std::string head = version_ >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
  head.append(std::to_string(response.status)).append(" ").append(reason).append("\r\n");
  for (const auto& [name, value] : response.headers.all())
    head.append(name).append(": ").append(value).append("\r\n");
  return head += "\r\n";
}

asio::awaitable<bool> Session::respond(const Request& request, Response& response) {
  if (response.stream) co_return co_await respond_bit_by_bit(request, response);
  if (response.status != 204)
    response.headers.set("Content-Length", std::to_string(response.body.size()));
  std::string text = head_of(request, response);
  const bool has_body = request.method != "HEAD" && response.status != 204;
  if (!has_body) co_return co_await write_text(text);
  if (response.body.size() > kJoinedBytes) {
    const bool begun = co_await write_text(text);
    co_return begun&& co_await write_text(response.body);
  }
  text += response.body;
  co_return co_await write_text(text);
}

asio::awaitable<bool> Session::respond_bit_by_bit(const Request& request, Response& response) {
  const bool chunked = version_ >= 11 && response.headers.find("Content-Length") == nullptr;
  keep_alive_ = keep_alive_ && chunked;
  if (chunked) response.headers.set("Transfer-Encoding", "chunked");
  const bool begun = co_await write_text(head_of(request, response));
  if (!begun || request.method == "HEAD") co_return begun;
  ChunkedBody body(*this, chunked);
  co_await response.stream(body);
  co_return co_await body.finish();
}

asio::awaitable<void> Session::upgrade(const WebSocketConnection::Upgrade& message,
                                       const Request& request, Response& response) {
  connection_->expires_never();
  websocket_ = std::make_shared<WebSocketConnection>(Stream(std::move(connection_->socket())),
                                                     signal_, core_->settings.timeouts);
  add_headers(request, response.headers);
  co_await websocket_->accept(message, response.headers);
  try {
    if (websocket_->open()) co_await response.websocket(*websocket_);
  } catch (const std::exception& bug) {
    log::error(std::string("A WebSocket failed: ") + bug.what(), {{"REQUEST_ID", request_id_}});
    websocket_->close(1011, "Internal error.");
  }
  co_await websocket_->ended();
}

asio::awaitable<bool> Session::write_text(std::string_view text) {
  while (!text.empty()) {
    connection_->expires_after(core_->settings.timeouts.write);
    const auto [error, size] = co_await connection_->write_some(asio::buffer(text));
    if (error) co_return false;
    text.remove_prefix(size);
  }
  connection_->expires_never();
  co_return true;
}

// Closing with unread bytes would make the kernel throw our answer away: says that no more comes
// and reads on for a while.
asio::awaitable<void> Session::linger() {
  beast::error_code ignored;
  std::ignore = connection_->socket().shutdown(asio::socket_base::shutdown_send, ignored);
  connection_->expires_after(limits::kLingerTimeout);
  buffer_.consume(buffer_.size());
  for (;;) {
    const auto [error, size] = co_await connection_->read_some(buffer_.prepare(kLingerBytes));
    if (error) co_return;
  }
}

}  // namespace llmspool::http
