// SPDX-License-Identifier: MIT
// A server on a Unix socket that gives prepared answers, one a connection, and keeps what it was
// asked. As the daemon does, it refuses a chunked request without reading its body.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace llmspool {

class CannedServer {
 public:
  explicit CannedServer(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  // Waits until every answer has been fetched.
  ~CannedServer() {
    thread_.join();
    std::filesystem::remove(path_);
  }
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  const std::string& path() const { return path_; }
  // To be read once all answers have been received.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  using Protocol = boost::asio::local::stream_protocol;

  void serve() {
    for (const auto& answer : answers_) {
      Protocol::socket socket(io_);
      acceptor_.accept(socket);
      std::string request;
      const auto head =
          boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n\r\n");
      std::smatch length;
      if (std::regex_search(request, length, std::regex("Content-Length: (\\d+)"))) {
        const auto total = head + std::stoul(length[1]);
        if (request.size() < total)
          boost::asio::read(socket, boost::asio::dynamic_buffer(request),
                            boost::asio::transfer_exactly(total - request.size()));
      }
      if (request.contains("Transfer-Encoding: chunked") && !answer.starts_with("HTTP/1.1 4"))
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(request), "\r\n0\r\n\r\n");
      requests_.push_back(request);
      boost::system::error_code ignored;
      boost::asio::write(socket, boost::asio::buffer(answer), ignored);
    }
  }

  const std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("llmspool-canned-" + std::to_string(::getpid()) + ".sock");
  boost::asio::io_context io_;
  Protocol::acceptor acceptor_{io_, Protocol::endpoint(path_)};
  std::thread thread_{[this] { serve(); }};
};

// Answers, ready to be sent.
inline std::string answer(const std::string& status, const std::string& type,
                          const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A body in chunks; without `end` the connection drops after them.
inline std::string chunked(const std::string& type, const std::vector<std::string>& chunks,
                           bool end) {
  std::ostringstream text;
  text << "HTTP/1.1 200 OK\r\nContent-Type: " << type << "\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& chunk : chunks) text << std::hex << chunk.size() << "\r\n" << chunk << "\r\n";
  return text.str() + (end ? "0\r\n\r\n" : "");
}

inline std::string event_stream(const std::string& events, bool end) {
  return chunked("text/event-stream", {events}, end);
}

}  // namespace llmspool
