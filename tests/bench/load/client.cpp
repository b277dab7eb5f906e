// SPDX-License-Identifier: MIT
#include "client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64 * 1024;

std::size_t http_answer_size(std::string_view text) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const auto end = text.find("\r\n\r\n");
  if (end == text.npos) return 0;
  const auto header = text.substr(0, end);
  const auto length = header.find(kLength);
  if (length == header.npos) die("an answer without Content-Length: " + std::string(header));
  std::size_t body = 0;
  std::from_chars(header.data() + length + kLength.size(), header.data() + header.size(), body);
  return end + 4 + body;
}

std::size_t line_size(std::string_view text) {
  const auto end = text.find("\r\n");
  return end == text.npos ? 0 : end + 2;
}

void send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) die("send");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Takes what has come; true once the whole answer is in `answer`.
bool receive(int socket, const Exchange& exchange, std::string& answer) {
  std::array<char, kReadBytes> buffer;
  const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got <= 0) die("the connection was closed before the answer");
  answer.append(buffer.data(), static_cast<std::size_t>(got));
  const auto size = exchange.answer_size(answer);
  if (size == 0 || answer.size() < size) return false;
  if (!answer.starts_with(exchange.good)) die("not the answer that was wanted: " + answer);
  return true;
}

struct Connection {
  int socket = -1;
  Clock::time_point asked;
  std::string answer;
};

void ask_again(Connection& connection, const Exchange& exchange) {
  connection.answer.clear();
  connection.asked = Clock::now();
  send_all(connection.socket, exchange.question);
}

}  // namespace

void die(const std::string& what) {
  const char* why = errno != 0 ? std::strerror(errno) : "unexpected";
  std::fprintf(stderr, "load: %s (%s)\n", what.c_str(), why);
  std::exit(1);
}

int connect_to(const std::string& address) {
  if (!address.starts_with('/')) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str())));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("connect");
    return socket;
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.size() >= sizeof to.sun_path) die("too long for a socket: " + address);
  std::copy(address.begin(), address.end(), to.sun_path);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) die("connect");
  return socket;
}

Exchange http_exchange(std::string_view method, std::string_view target, std::string_view body) {
  std::string question;
  question.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!body.empty())
    question.append("Content-Type: application/json\r\nContent-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n");
  question.append("\r\n").append(body);
  return {std::move(question), "HTTP/1.1 20", http_answer_size};
}

Exchange beanstalkd_put(std::string_view body) {
  std::string question = "put 0 0 60 " + std::to_string(body.size()) + "\r\n";
  question.append(body).append("\r\n");
  return {std::move(question), "INSERTED ", line_size};
}

Load run(const std::string& address, const Exchange& exchange, std::size_t connections,
         std::size_t total) {
  std::vector<Connection> all(std::min(connections, total));
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  for (auto& connection : all) {
    connection.socket = connect_to(address);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, connection.socket, &event) != 0) die("epoll_ctl");
  }

  Load load;
  load.latencies_ms.reserve(total);
  const auto begin = Clock::now();
  for (auto& connection : all) ask_again(connection, exchange);
  std::size_t asked = all.size();
  std::vector<epoll_event> events(all.size());
  while (load.latencies_ms.size() < total) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    if (ready < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!receive(connection.socket, exchange, connection.answer)) continue;
      const std::chrono::duration<double, std::milli> took = Clock::now() - connection.asked;
      load.latencies_ms.push_back(took.count());
      if (asked == total) continue;
      ++asked;
      ask_again(connection, exchange);
    }
  }
  load.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (const auto& connection : all) ::close(connection.socket);
  ::close(poll);
  return load;
}

std::string ask(int socket, const Exchange& exchange) {
  std::string answer;
  send_all(socket, exchange.question);
  while (!receive(socket, exchange, answer)) continue;
  return answer;
}

}  // namespace bench
