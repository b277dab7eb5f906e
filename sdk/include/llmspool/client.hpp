// SPDX-License-Identifier: MIT
// client.hpp: a blocking client for llmspoold's HTTP API, over its Unix socket or TCP. Header only;
// needs C++20 and the headers of Boost 1.81 or newer.
//
//   auto client = llmspool::client::Client::unix_socket("/run/llmspool/llmspool.sock");
//   auto job = client.request("POST", "/api/jobs", R"({"prompt": "Hello"})");
//   auto events = client.events("/api/jobs/42/events?after=0");
//   while (auto event = events.next()) std::cout << event->data << '\n';
//   auto results = client.stream("/api/groups/spring/results");
//   while (auto piece = results.next()) std::cout << *piece;
//
// Threads. A Client is a value and every call opens a connection of its own, so that one Client
// serves any number of threads as long as none assigns to it. An EventStream or a BodyStream may
// move between threads, but only one may use it at a time.
// Ownership. Everything that is returned is the caller's.
// Errors. Whatever the daemon answers is a Response, also a 404. Where there is no answer, Error
// says why. What cannot be sent (a line break in a header) is std::invalid_argument.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmspool::client {

// Why there is no answer. what() is a sentence without its full stop: what was tried, and the
// cause.
class Error : public std::runtime_error {
 public:
  enum class Kind {
    no_socket,          // no such file: the daemon is not running, or has another socket
    refused,            // nobody listens there
    permission_denied,  // the socket is not for this user
    timed_out,          // no connection, or no byte, within the time limit
    unreachable,        // no such host, no route to it
    disconnected,       // the connection ended within an answer
    protocol,           // what came is no HTTP, or exceeds a limit
  };
  Error(Kind kind, const std::string& tried, const boost::system::error_code& cause)
      : std::runtime_error(tried + ": " + cause.message()), kind_(kind), cause_(cause) {}
  Kind kind() const { return kind_; }
  const boost::system::error_code& cause() const { return cause_; }

 private:
  Kind kind_;
  boost::system::error_code cause_;
};

struct Options {
  std::string token;  // sent as a bearer token; empty: none
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);  // between two bytes
  std::uint64_t response_bytes_max = std::uint64_t{256} << 20;
  std::size_t event_bytes_max = std::size_t{16} << 20;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// Gives the next piece of a request's body, of any size; an empty one ends the body.
using BodySource = std::function<std::string()>;

struct Response {
  unsigned status = 0;
  std::string body;
  Headers headers;

  // A header's value, whatever the case of its name.
  std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (boost::beast::iequals(key, name)) return value;
    return std::nullopt;
  }
};

// One server-sent event.
struct Event {
  std::string id;                 // of the newest event that had one
  std::string event = "message";  // its type
  std::string data;
};

// Cuts the bytes of a text/event-stream into events.
class EventParser {
 public:
  explicit EventParser(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  void feed(std::string_view bytes) {
    buffer_.erase(0, std::exchange(consumed_, 0));
    if (buffer_.size() + data_.size() + bytes.size() > event_bytes_max_)
      throw Error(Error::Kind::protocol, "Reading an event",
                  make_error_code(boost::system::errc::message_size));
    buffer_ += bytes;
  }

  // The next whole event of what was fed, or nothing yet.
  std::optional<Event> next() {
    for (auto end = buffer_.find('\n', consumed_); end != std::string::npos;
         end = buffer_.find('\n', consumed_)) {
      std::string_view line(buffer_.data() + consumed_, end - consumed_);
      consumed_ = end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) {
        read_field(line);
      } else if (std::exchange(has_data_, false)) {
        return Event{id_, std::exchange(event_, "message"), std::exchange(data_, {})};
      } else {
        event_ = "message";
      }
    }
    return std::nullopt;
  }

 private:
  // "name: value"; a comment is a line without a name.
  void read_field(std::string_view line) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "id") id_ = value;
    if (name == "event") event_ = value;
    if (name == "data") {
      if (std::exchange(has_data_, true)) data_ += '\n';
      data_ += value;
    }
  }

  std::size_t event_bytes_max_;
  std::string buffer_;
  std::size_t consumed_ = 0;
  std::string id_, event_ = "message", data_;
  bool has_data_ = false;
};

namespace detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

struct Address {
  std::string socket;      // a path; empty: TCP
  std::string host, port;  // for TCP

  std::string text() const { return socket.empty() ? "http://" + authority() : socket; }
  std::string authority() const {
    if (!socket.empty()) return "localhost";
    return (host.find(':') == host.npos ? host : '[' + host + ']') + ':' + port;
  }
};

inline Error::Kind kind_of(const error_code& cause) {
  namespace errc = boost::system::errc;
  using Kind = Error::Kind;
  if (cause == errc::no_such_file_or_directory) return Kind::no_socket;
  if (cause == errc::connection_refused) return Kind::refused;
  if (cause == errc::permission_denied || cause == errc::operation_not_permitted)
    return Kind::permission_denied;
  if (cause == errc::timed_out) return Kind::timed_out;
  if (cause == http::error::end_of_stream || cause == http::error::partial_message ||
      cause == asio::error::eof || cause == errc::connection_reset || cause == errc::broken_pipe ||
      cause == errc::not_connected)
    return Kind::disconnected;
  if (cause.category() == make_error_code(http::error::end_of_stream).category())
    return Kind::protocol;
  return Kind::unreachable;
}

// One connection and the one exchange on it.
class Connection {
 public:
  Connection(const Address& address, const Options& options)
      : idle_timeout_(options.idle_timeout),
        response_bytes_max_(options.response_bytes_max),
        what_(address.text()) {
    parser_.body_limit(boost::none);  // read_all() has a limit, a stream needs none
    const auto failure = address.socket.empty() ? connect_tcp(address, options.connect_timeout)
                                                : connect_unix(address, options.connect_timeout);
    if (failure) throw Error(kind_of(failure), "Connecting to " + what_, failure);
  }

  // Sends the request and reads the head of the answer.
  void exchange(const http::request<http::string_body>& request) {
    if (request.method() == http::verb::head) parser_.skip(true);
    read_head(await(socket_, idle_timeout_, [&](auto handler) {
      http::async_write(socket_, request, std::move(handler));
    }));
  }

  // The same with a body that is made while it is sent, and sent in chunks.
  void exchange(http::request_header<> head, const BodySource& body) {
    http::request<http::empty_body> request(std::move(head));
    request.chunked(true);
    http::request_serializer<http::empty_body> serializer(request);
    auto failure = await(socket_, idle_timeout_, [&](auto handler) {
      http::async_write_header(socket_, serializer, std::move(handler));
    });
    for (bool more = true; more && !failure;) {
      const auto piece = body();
      more = !piece.empty();
      failure = await(socket_, idle_timeout_, [&](auto handler) {
        if (more)
          asio::async_write(socket_, http::make_chunk(asio::buffer(piece)), std::move(handler));
        else
          asio::async_write(socket_, http::make_chunk_last(), std::move(handler));
      });
    }
    read_head(failure);
  }

  // The status and the headers of the answer.
  Response head() const {
    Response response;
    response.status = parser_.get().result_int();
    for (const auto& field : parser_.get().base())
      response.headers.emplace_back(field.name_string(), field.value());
    return response;
  }
  bool done() const { return parser_.is_done(); }

  // Some more bytes of the body; none where only a chunk's head has come.
  std::string read_some() {
    constexpr std::size_t kPieceBytes = std::size_t{16} << 10;
    std::string piece(kPieceBytes, '\0');
    auto& body = parser_.get().body();
    body.data = piece.data();
    body.size = piece.size();
    const auto failure = await(socket_, idle_timeout_, [&](auto handler) {
      http::async_read_some(socket_, buffer_, parser_, std::move(handler));
    });
    if (failure && failure != http::error::need_buffer)
      throw Error(kind_of(failure), "Reading from " + what_, failure);
    piece.resize(piece.size() - body.size);
    return piece;
  }

  Response read_all() {
    auto response = head();
    while (!done()) {
      response.body += read_some();
      if (response.body.size() > response_bytes_max_)
        throw Error(Error::Kind::protocol, "Reading from " + what_,
                    make_error_code(http::error::body_limit));
    }
    return response;
  }

 private:
  // Runs one asynchronous operation to its end, at most for `limit`.
  template <class Socket, class Start>
  error_code await(Socket& socket, std::chrono::milliseconds limit, Start start) {
    std::optional<error_code> result;
    start([&](const error_code& code, const auto&...) { result = code; });
    io_.restart();
    io_.run_for(limit);
    if (result) return *result;
    error_code ignored;
    socket.close(ignored);
    io_.run();
    return asio::error::timed_out;
  }

  error_code connect_tcp(const Address& address, std::chrono::milliseconds limit) {
    error_code failure;
    asio::ip::tcp::resolver resolver(io_);
    const auto endpoints = resolver.resolve(address.host, address.port, failure);
    if (failure) return failure;
    asio::ip::tcp::socket socket(io_);
    failure = await(socket, limit, [&](auto handler) {
      asio::async_connect(socket, endpoints, std::move(handler));
    });
    if (!failure) socket_ = std::move(socket);
    return failure;
  }

  // `sent`: how the sending ended. A daemon that refuses a body answers and hangs up before it has
  // all of it.
  void read_head(const error_code& sent) {
    const auto received = await(socket_, idle_timeout_, [&](auto handler) {
      http::async_read_header(socket_, buffer_, parser_, std::move(handler));
    });
    if (received)
      throw Error(kind_of(sent ? sent : received), "Asking " + what_, sent ? sent : received);
  }

  // Asio would take "the queue of connections is full" for a success, so connect(2) is called here.
  error_code connect_unix(const Address& address, std::chrono::milliseconds limit) {
    if (address.socket.size() >= sizeof(sockaddr_un::sun_path))
      return make_error_code(boost::system::errc::filename_too_long);
    const asio::local::stream_protocol::endpoint endpoint(address.socket);
    asio::local::stream_protocol::socket socket(io_, asio::local::stream_protocol());
    const timeval timeout{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (::connect(socket.native_handle(), endpoint.data(),
                  static_cast<socklen_t>(endpoint.size())) != 0)
      return errno == EAGAIN ? make_error_code(boost::system::errc::timed_out)
                             : error_code(errno, boost::system::system_category());
    socket_ = std::move(socket);
    return {};
  }

  std::chrono::milliseconds idle_timeout_;
  std::uint64_t response_bytes_max_;
  std::string what_;
  asio::io_context io_{1};
  asio::generic::stream_protocol::socket socket_{io_};
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
};

inline bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

inline bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace detail

// The events of one answer, as they come.
class EventStream {
 public:
  EventStream(std::unique_ptr<detail::Connection> connection, std::size_t event_bytes_max)
      : connection_(std::move(connection)), parser_(event_bytes_max) {
    response_ = connection_->head();
    const auto type = response_.header("Content-Type").value_or("");
    if (response_.status != 200 || !type.starts_with("text/event-stream"))
      response_ = connection_->read_all();
  }

  // Status 200 and no body; or, where the daemon did not answer with events, all of what it said.
  const Response& response() const { return response_; }

  // Blocks until there is an event; nothing once the daemon has ended the stream. Throws Error if
  // the connection drops, or is silent for Options::idle_timeout (the daemon pings every 10 s).
  std::optional<Event> next() {
    for (;;) {
      if (auto event = parser_.next()) return event;
      if (connection_->done()) return std::nullopt;
      parser_.feed(connection_->read_some());
    }
  }

 private:
  std::unique_ptr<detail::Connection> connection_;
  Response response_;
  EventParser parser_;
};

// The body of one answer as it comes, of any length, in little memory.
class BodyStream {
 public:
  explicit BodyStream(std::unique_ptr<detail::Connection> connection)
      : connection_(std::move(connection)), response_(connection_->head()) {
    if (response_.status / 100 != 2) response_ = connection_->read_all();
  }

  // The status and the headers; the body too where the status is no 2xx.
  const Response& response() const { return response_; }

  // Blocks until there is a piece, never an empty one; nothing once the body has ended. Throws
  // Error if the connection drops before that, or is silent for Options::idle_timeout.
  std::optional<std::string> next() {
    while (!connection_->done())
      if (auto piece = connection_->read_some(); !piece.empty()) return piece;
    return std::nullopt;
  }

 private:
  std::unique_ptr<detail::Connection> connection_;
  Response response_;
};

// Where the daemon is and how to talk to it. Making one does not connect.
class Client {
 public:
  static Client unix_socket(std::string path, Options options = {}) {
    return Client({.socket = std::move(path), .host = {}, .port = {}}, std::move(options));
  }
  static Client tcp(std::string host, std::uint16_t port, Options options = {}) {
    return Client({.socket = {}, .host = std::move(host), .port = std::to_string(port)},
                  std::move(options));
  }

  // The socket's path, or http://host:port.
  std::string address() const { return address_.text(); }
  const Options& options() const { return options_; }
  void set_options(Options options) { options_ = std::move(options); }

  // `target` is a path with its query, already percent-encoded. A body is JSON unless `headers` has
  // another Content-Type.
  Response request(std::string_view method, std::string_view target, std::string body = {},
                   const Headers& headers = {}) const {
    return open(method, target, std::move(body), headers)->read_all();
  }

  // GET as a stream of server-sent events.
  EventStream events(std::string_view target, Headers headers = {}) const {
    headers.emplace_back("Accept", "text/event-stream");
    return EventStream(open("GET", target, {}, headers), options_.event_bytes_max);
  }

  // GET of an answer that may be larger than memory; Options::response_bytes_max is not for it.
  BodyStream stream(std::string_view target, const Headers& headers = {}) const {
    return BodyStream(open("GET", target, {}, headers));
  }

  // Sends a body that is made piece by piece, as chunks, and gives the answer as a stream. What
  // `body` throws ends the exchange. It is asked no more once the daemon has hung up, as it does
  // when it refuses the request before it has read all of it.
  BodyStream upload(std::string_view method, std::string_view target, const BodySource& body,
                    const Headers& headers = {}) const {
    auto request = head(method, target, true, headers);
    auto connection = std::make_unique<detail::Connection>(address_, options_);
    connection->exchange(std::move(request), body);
    return BodyStream(std::move(connection));
  }

 private:
  Client(detail::Address address, Options options)
      : address_(std::move(address)), options_(std::move(options)) {}

  detail::http::request_header<> head(std::string_view method, std::string_view target,
                                      bool has_body, const Headers& headers) const {
    if (!detail::is_target(target))
      throw std::invalid_argument("'" + std::string(target) + "' is no request target");
    namespace http = detail::http;
    http::request_header<> head;
    head.method_string(method);
    head.target(target);
    head.set(http::field::host, address_.authority());
    head.set(http::field::connection, "close");
    if (!options_.token.empty()) head.set(http::field::authorization, "Bearer " + options_.token);
    if (has_body) head.set(http::field::content_type, "application/json");
    for (const auto& [name, value] : headers) head.set(name, value);
    for (const auto& field : head)
      if (!detail::is_header_text(field.name_string()) || !detail::is_header_text(field.value()))
        throw std::invalid_argument("a header holds a control character");
    return head;
  }

  std::unique_ptr<detail::Connection> open(std::string_view method, std::string_view target,
                                           std::string body, const Headers& headers) const {
    namespace http = detail::http;
    http::request<http::string_body> request(head(method, target, !body.empty(), headers),
                                             std::move(body));
    request.prepare_payload();
    auto connection = std::make_unique<detail::Connection>(address_, options_);
    connection->exchange(request);
    return connection;
  }

  detail::Address address_;
  Options options_;
};

}  // namespace llmspool::client
