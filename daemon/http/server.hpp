// SPDX-License-Identifier: MIT
// The HTTP server: one API on Unix sockets and TCP alike. Owned by main; the io_context is run by
// main's threads and outlives it, as does the spool.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/settings.hpp"

namespace llmspool::spool {
class Spool;
}

namespace llmspool::http {

class Router;

class Server {
 public:
  Server(boost::asio::io_context& io, Settings settings, spool::Spool& spool);
  ~Server();

  // Before start(). Clients can connect from here on; they are answered after start().
  Result<void> listen_unix(const std::string& path);
  Result<std::uint16_t> listen_tcp(const std::string& address);  // gives the port
  // A listening socket that systemd made; its file is left alone.
  Result<void> listen_passed(int fd);

  void start();

  // Any thread; returns at once. No new connection is taken, idle ones are closed, what is under
  // way is ended, by force after Timeouts::stop. `ended` is called once, when no connection is
  // left; the server may be destroyed then, and not before.
  void stop(std::function<void()> ended);

  const Router& router() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llmspool::http
