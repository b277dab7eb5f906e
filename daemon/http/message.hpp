// SPDX-License-Identifier: MIT
// A request as handlers get it and a response as they give it: plain values, whatever carries them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/headers.hpp"
#include "http/signal.hpp"
#include "http/url.hpp"
#include "spool/spool.hpp"

namespace llmspool::http {

// The body of a request that is read bit by bit.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece; empty: that was all. Code::unavailable if it does not come in time or the
  // server stops, another error if the client breaks off or sends nonsense.
  virtual asio::awaitable<Result<std::string>> read() = 0;
  // That so many bytes of what was read are still kept in memory. Code::unavailable: the bodies of
  // all requests together take too much.
  virtual Result<void> keep(std::size_t bytes) = 0;
};

struct Request {
  std::string method;
  Target target;
  Headers headers;
  std::string body;
  Query parameters;  // what stood for {name} in the route
  spool::Caller caller;
  BodyReader* stream = nullptr;    // in place of `body`, where the route reads it bit by bit
  bool websocket = false;          // it asks for a WebSocket
  std::shared_ptr<Signal> signal;  // of its connection
  // For who waits long: from now on the signal is stopped too if the client goes.
  std::function<void()> watch_client;

  // What stood for {name}; the route has it.
  const std::string& parameter(std::string_view name) const;
};

// The body of a response that is written bit by bit.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  // False: the client is gone, or has taken nothing for too long.
  virtual asio::awaitable<bool> write(std::string text) = 0;
};

// A WebSocket after the handshake. Used by one coroutine on the connection's strand; the request's
// signal is notified when a message has come and when the connection has ended.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual bool open() const = 0;
  virtual std::optional<std::string> take_message() = 0;  // nothing: none has come
  // A text message. False: the connection is over.
  virtual asio::awaitable<bool> send(std::string text) = 0;
  // Begins the closing handshake; open() is false once it has ended.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

struct Response {
  explicit Response(int status_code = 200) : status(status_code) {}

  int status;
  Headers headers;
  std::string body;
  // In place of `body`, at most one of: what writes the body, what speaks over the WebSocket. A
  // handler that knows the length of what it will write sets Content-Length.
  std::function<asio::awaitable<void>(BodyWriter&)> stream;
  std::function<asio::awaitable<void>(WebSocket&)> websocket;
};

Response json_response(int status, const boost::json::value& value);
Response json_text_response(int status, std::string json);

}  // namespace llmspool::http
