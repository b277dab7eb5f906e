// SPDX-License-Identifier: MIT
// Which handler answers which method and path. Filled at start-up, read by any thread afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace llmspool::http {

// The request outlives the response's stream and WebSocket.
using Handler = std::function<asio::awaitable<Result<Response>>(const Request&)>;

struct Route {
  std::string method;
  std::string pattern;  // "/api/jobs/{id}": {name} stands for one segment
  Handler handler;
  bool streamed = false;  // the body, of any size, is read bit by bit; it is NDJSON
  std::vector<std::string> segments = {};  // of the pattern
};

class Router {
 public:
  void add(std::string method, std::string_view pattern, Handler handler);
  // A handler that reads the body bit by bit.
  void add_streamed(std::string method, std::string_view pattern, Handler handler);
  // A handler that never waits.
  void add_plain(std::string method, std::string_view pattern,
                 std::function<Result<Response>(const Request&)> handler);

  struct Match {
    const Route* route = nullptr;  // null: none for this method
    Query parameters;
    std::string allow;  // the path's methods, for Allow; empty: no such path
  };
  // HEAD is answered by GET. A segment of the pattern's own goes before {name}.
  Match match(std::string_view method, const std::vector<std::string>& segments) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace llmspool::http
