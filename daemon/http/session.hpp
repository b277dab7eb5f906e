// SPDX-License-Identifier: MIT
// One connection: reads requests, lets the router answer them, writes what comes of it. All of it
// runs on the connection's strand.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <expected>
#include <limits>

#include "http/connection.hpp"
#include "http/core.hpp"
#include "http/guard.hpp"
#include "http/websocket_connection.hpp"

namespace llmspool::http {

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Must be in `core` already when it runs; leaves it at its end.
  Session(std::shared_ptr<Core> core, Connection::Socket socket, Transport transport);

  asio::awaitable<void> run();
  // Any thread. An idle connection is closed; what is under way is asked to end.
  void stop();
  void abort();  // any thread
  // In place of run(): says that there are too many, if the client takes it at once, and closes.
  void turn_away();

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  class ChunkedBody;
  class RequestBody;

  asio::awaitable<void> identify();
  template <class AnyParser, class Enough>
  asio::awaitable<beast::error_code> parse(
      AnyParser& parser, Enough enough,
      std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  template <class AnyParser, class Enough>
  asio::awaitable<beast::error_code> parse_body(AnyParser& parser, Enough enough);
  Error unread_problem() const;
  Response unread_response() const;
  asio::awaitable<bool> serve_next();
  asio::awaitable<std::optional<Response>> answer(Parser& parser, Request& request);
  asio::awaitable<std::optional<Response>> answer_streamed(Parser& parser, Request& request,
                                                           const Handler& handler,
                                                           BodyRoom::Share& room);
  asio::awaitable<Response> handled(const Request& request, const Handler& handler);
  std::expected<Router::Match, Response> accepted(const Parser& parser, Request& request) const;
  Request received(const Parser& parser) const;

  asio::awaitable<bool> respond(const Request& request, Response& response);
  asio::awaitable<bool> respond_bit_by_bit(const Request& request, Response& response);
  asio::awaitable<void> upgrade(const WebSocketConnection::Upgrade& message, const Request& request,
                                Response& response);
  void add_headers(const Request& request, Headers& headers) const;
  std::string head_of(const Request& request, Response& response) const;
  asio::awaitable<bool> write_text(std::string_view text);
  asio::awaitable<void> linger();

  const std::shared_ptr<Core> core_;
  const asio::any_io_executor executor_;  // the strand
  const std::shared_ptr<Connection> connection_;
  const Transport transport_;
  const std::shared_ptr<Signal> signal_;
  Result<spool::Caller> caller_;
  // A chunk's head without an end fills no more.
  beast::flat_buffer buffer_{std::size_t{128} * 1024};
  std::shared_ptr<WebSocketConnection> websocket_;  // after an upgrade
  std::string request_id_;
  unsigned version_ = 11;  // of the request: 10 or 11
  bool whole_ = false;     // the request has been read to its end
  bool idle_ = false, reading_body_ = false, keep_alive_ = false;
};

}  // namespace llmspool::http
