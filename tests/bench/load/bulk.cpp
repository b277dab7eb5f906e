// SPDX-License-Identifier: MIT
#include "bulk.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "client.hpp"

namespace bench {
namespace {

constexpr std::size_t kLinesAtOnce = 4096;
constexpr std::size_t kReadBytes = 256 * 1024;

// Reads the answer as it comes, whatever its framing, and keeps only its end.
class Answer {
 public:
  void add(std::string_view text) {
    if (end_.empty() && !text.starts_with("HTTP/1.1 200"))
      die("refused: " + std::string(text.substr(0, kShownBytes)));
    end_.append(text);
    if (const auto error = end_.find(R"("error":)"); error != end_.npos)
      die("a line was refused: " + end_.substr(error, kShownBytes));
    end_.erase(0, end_.size() - std::min(end_.size(), kKeptBytes));
  }

  bool ends_with_line(std::size_t number) const {
    return end_.find("{\"line\":" + std::to_string(number) + ",\"job_id\":") != end_.npos;
  }

 private:
  static constexpr std::size_t kKeptBytes = 128, kShownBytes = 400;
  std::string end_;
};

}  // namespace

void send_bulk(const std::string& address, std::string_view line, std::size_t lines) {
  const int socket = connect_to(address);
  const auto line_bytes = line.size() + 1;
  std::string block;
  for (std::size_t i = 0; i < kLinesAtOnce; ++i) block.append(line).append("\n");
  const auto head =
      "POST /api/jobs/bulk HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
      "application/x-ndjson\r\n"
      "Content-Length: " +
      std::to_string(lines * line_bytes) + "\r\n\r\n";
  if (::send(socket, head.data(), head.size(), MSG_NOSIGNAL) < 0) die("send");

  Answer answer;
  std::vector<char> buffer(kReadBytes);
  std::size_t sent = 0;
  const auto total = lines * line_bytes;
  for (bool open = true; open;) {
    pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
    if (sent < total) wait.events |= POLLOUT;
    if (::poll(&wait, 1, -1) < 0) {
      if (errno == EINTR) continue;
      die("poll");
    }
    if (wait.revents & POLLOUT) {
      const auto next = std::string_view(block).substr(sent % line_bytes, total - sent);
      const auto got = ::send(socket, next.data(), next.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (got < 0) die("send");
      sent += static_cast<std::size_t>(got);
    }
    if (wait.revents & (POLLIN | POLLHUP)) {
      const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (got < 0) die("recv");
      open = got > 0;
      answer.add({buffer.data(), static_cast<std::size_t>(got)});
    }
  }
  if (!answer.ends_with_line(lines)) die("the answer is not whole");
  ::close(socket);
}

}  // namespace bench
