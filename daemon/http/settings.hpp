// SPDX-License-Identifier: MIT
// What the HTTP server is told at start-up. The time limits are the daemon's; tests shorten them.
#pragma once

#include <string>
#include <vector>

#include "base/limits.hpp"

namespace llmspool::http {

struct Timeouts {
  std::chrono::milliseconds header = limits::kHeaderTimeout;
  std::chrono::milliseconds body = limits::kBodyTimeout;
  std::chrono::milliseconds write = limits::kWriteTimeout;
  std::chrono::milliseconds close = limits::kWriteTimeout;  // a WebSocket's handshakes
  std::chrono::milliseconds ping = limits::kPingInterval;
  std::chrono::milliseconds sse_keepalive = limits::kSseKeepalive;
  std::chrono::milliseconds stop = limits::kHttpStopTimeout;
};

struct Settings {
  std::vector<std::string> allowed_hosts;    // besides loopback names; with or without a port
  std::vector<std::string> allowed_origins;  // besides the same origin: "https://example.org"
  std::size_t body_bytes_max = std::size_t{16} * 1024 * 1024;
  std::size_t bodies_bytes_max = std::size_t{256} * 1024 * 1024;  // of all at once; at least one
  std::size_t connections_max = limits::kConnectionsMax;
  std::string admin_group = "llmspool-admin";
  std::string version;  // of the daemon, for /api/health
  Timeouts timeouts{};
};

}  // namespace llmspool::http
