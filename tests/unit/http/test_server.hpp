// SPDX-License-Identifier: MIT
// A real server on real sockets over the fake spool, and a plain blocking client for it.
#pragma once

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <future>
#include <sstream>
#include <thread>

#include "fake_spool.hpp"
#include "http/headers.hpp"
#include "http/problem.hpp"
#include "http/router.hpp"

namespace llmspool::http {

namespace asio = boost::asio;

// A connection of a client; reads give up after ten seconds.
class TestConnection {
 public:
  explicit TestConnection(const std::string& path) : socket_(*io_, {AF_UNIX, 0}) {
    socket_.connect(asio::local::stream_protocol::endpoint(path));
    limit();
  }
  explicit TestConnection(std::uint16_t port) : socket_(*io_, {AF_INET, 0}) {
    socket_.connect(asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"), port));
    limit();
  }

  void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
  // False: the server closed the connection earlier.
  bool try_send(const std::string& text) {
    boost::system::error_code error;
    asio::write(socket_, asio::buffer(text), error);
    return !error;
  }
  // Up to and with `end`; less if the connection ends before.
  std::string read_until(const std::string& end) {
    while (read_.find(end) == std::string::npos) {
      if (!read_some()) break;
    }
    const auto at = read_.find(end);
    return take(at == std::string::npos ? read_.size() : at + end.size());
  }
  std::string read_bytes(std::size_t size) {
    while (read_.size() < size && read_some()) {
    }
    return take(std::min(size, read_.size()));
  }
  std::string read_all() {
    while (read_some()) {
    }
    return take(read_.size());
  }
  asio::generic::stream_protocol::socket& socket() { return socket_; }

 private:
  void limit() {
    const timeval ten{10, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &ten, sizeof ten);
  }
  bool read_some() {
    char buffer[65536];
    const auto size = ::read(socket_.native_handle(), buffer, sizeof buffer);
    if (size > 0) read_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }
  std::string take(std::size_t size) {
    std::string result = read_.substr(0, size);
    read_.erase(0, size);
    return result;
  }

  std::unique_ptr<asio::io_context> io_ = std::make_unique<asio::io_context>();
  asio::generic::stream_protocol::socket socket_;
  std::string read_;
};

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;

  boost::json::object json() const { return boost::json::parse(body).as_object(); }
  // Of NDJSON.
  std::vector<boost::json::object> lines() const {
    std::vector<boost::json::object> result;
    std::istringstream text(body);
    for (std::string line; std::getline(text, line);) {
      result.push_back(boost::json::parse(line).as_object());
    }
    return result;
  }
  std::string header(std::string_view name) const {
    const std::string* value = headers.find(name);
    return value ? *value : "";
  }
};

inline Reply read_reply(TestConnection& connection, bool head = false) {
  Reply reply;
  std::string text = connection.read_until("\r\n\r\n");
  if (text.size() < 12) return reply;
  reply.status = std::stoi(text.substr(9, 3));
  std::size_t begin = text.find("\r\n") + 2;
  while (begin + 2 < text.size()) {
    const std::size_t end = text.find("\r\n", begin), colon = text.find(':', begin);
    reply.headers.add(
        text.substr(begin, colon - begin),
        std::string(trimmed(std::string_view(text).substr(colon + 1, end - colon - 1))));
    begin = end + 2;
  }
  if (head || reply.status == 204 || reply.status < 200) return reply;
  if (const std::string* length = reply.headers.find("Content-Length")) {
    reply.body = connection.read_bytes(std::stoul(*length));
  } else if (reply.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const auto size = std::stoul("0" + connection.read_until("\r\n"), nullptr, 16);
      reply.body += connection.read_bytes(size);
      connection.read_until("\r\n");
      if (size == 0) break;
    }
  } else {
    reply.body = connection.read_all();
  }
  return reply;
}

class TestServer {
 public:
  explicit TestServer(Settings settings = fast()) {
    char name[] = "/tmp/llmspool-http-XXXXXX";
    directory = mkdtemp(name);
    path = (directory / "s.sock").string();
    server.emplace(io, std::move(settings), spool);
    EXPECT_TRUE(server->listen_unix(path));
    port = server->listen_tcp("127.0.0.1:0").value();
    server->start();
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([this] { io.run(); });
    }
  }
  ~TestServer() {
    stop().wait();
    threads.clear();
    server.reset();
    std::filesystem::remove_all(directory);
  }
  std::future<void> stop() {
    auto ended = std::make_shared<std::promise<void>>();
    server->stop([ended] { ended->set_value(); });
    return ended->get_future();
  }

  // Nothing takes long here, so that what waits for a limit waits briefly.
  static Settings fast() {
    Settings settings;
    settings.body_bytes_max = 256 * 1024;
    settings.version = "1.2.3";
    settings.timeouts.stop = std::chrono::milliseconds(500);
    return settings;
  }

  static std::string request(const std::string& method, const std::string& target,
                             const std::string& body = "", const std::string& headers = "") {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
    if (!body.empty()) {
      if (headers.find("Content-Type") == std::string::npos) {
        text += "Content-Type: application/json\r\n";
      }
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return text + "\r\n" + body;
  }
  Reply call(const std::string& method, const std::string& target, const std::string& body = "",
             const std::string& headers = "") {
    TestConnection connection(path);
    connection.send(request(method, target, body, headers));
    return read_reply(connection, method == "HEAD");
  }

  std::filesystem::path directory;
  std::string path;
  std::uint16_t port = 0;
  FakeSpool spool;
  asio::io_context io;
  std::optional<Server> server;
  std::vector<std::jthread> threads;
};

// What a route answers to somebody of the test's choice. Over a socket everybody is the user who
// runs the test, and that one is an administrator.
inline Response call_as(const TestServer& server, const spool::Caller& caller,
                        const std::string& method, const std::string& target) {
  asio::io_context io;
  Request request;
  request.method = method;
  request.target = parse_target(target).value();
  request.caller = caller;
  request.signal = std::make_shared<Signal>(io.get_executor());
  const Router::Match match = server.server->router().match(method, request.target.segments);
  request.parameters = match.parameters;
  std::optional<Result<Response>> answer;
  auto run = [&] { return match.route->handler(request); };
  asio::co_spawn(
      io.get_executor(), std::move(run),
      [&answer](const std::exception_ptr&, Result<Response> given) { answer = std::move(given); });
  io.run();
  return answer->has_value() ? **answer : problem_response(answer->error());
}

}  // namespace llmspool::http
