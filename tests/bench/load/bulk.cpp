// SPDX-License-Identifier: MIT
#include "bulk.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "client.hpp"

namespace bench {
namespace {

constexpr std::size_t kLinesAtOnce = 4096;
constexpr std::size_t kReadBytes = 256 * 1024;

// Reads the answer as it comes, whatever its framing: each line begins with the same field.
class Answer {
 public:
  void add(std::string_view text) {
    if (head_.size() < kGood.size()) head_.append(text.substr(0, kGood.size() - head_.size()));
    if (!kGood.starts_with(head_)) die("not the answer that was wanted: " + std::string(text));
    rest_.append(text);
    if (rest_.find(kError) != rest_.npos) die("a line was refused: " + rest_);
    std::size_t begin = 0;
    for (auto at = rest_.find(kLine); at != rest_.npos; at = rest_.find(kLine, begin)) {
      ++lines_;
      begin = at + kLine.size();
    }
    // A field may have come in part.
    const auto kept = std::min(rest_.size() - begin, kError.size() - 1);
    rest_.erase(0, rest_.size() - kept);
  }

  std::size_t lines() const { return lines_; }

 private:
  static constexpr std::string_view kGood = "HTTP/1.1 200";
  static constexpr std::string_view kLine = R"({"line":)";
  static constexpr std::string_view kError = R"("error":)";
  static_assert(kLine.size() == kError.size());
  std::string head_, rest_;
  std::size_t lines_ = 0;
};

}  // namespace

void send_bulk(const std::string& address, std::string_view line, std::size_t lines) {
  const int socket = connect_to(address);
  const auto line_bytes = line.size() + 1;
  std::string block;
  for (std::size_t i = 0; i < kLinesAtOnce; ++i) block.append(line).append("\n");
  const auto head =
      "POST /api/jobs/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: " +
      std::to_string(lines * line_bytes) + "\r\n\r\n";
  if (::send(socket, head.data(), head.size(), MSG_NOSIGNAL) < 0) die("send");

  Answer answer;
  std::array<char, kReadBytes> buffer;
  for (std::size_t sent = 0, total = lines * line_bytes; answer.lines() < lines;) {
    pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
    if (sent < total) wait.events |= POLLOUT;
    if (::poll(&wait, 1, -1) < 0) die("poll");
    if (wait.revents & POLLOUT) {
      const auto from = std::string_view(block).substr(sent % line_bytes);
      const auto got = ::send(socket, from.data(), std::min(from.size(), total - sent),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
      if (got < 0) die("send");
      sent += static_cast<std::size_t>(got);
    }
    if (wait.revents & POLLIN) {
      const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) die("the connection was closed before the answer");
      answer.add({buffer.data(), static_cast<std::size_t>(got)});
    }
  }
  ::close(socket);
}

}  // namespace bench
