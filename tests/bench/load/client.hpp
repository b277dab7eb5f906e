// SPDX-License-Identifier: MIT
// Connections that ask one question over and over, and how long each answer took. One thread and
// one epoll, so that the generator takes as little as it can from what it measures.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Prints what failed and ends the process: a benchmark has no way to go on.
[[noreturn]] void die(const std::string& what);

// An absolute path is a Unix socket, all else a port of 127.0.0.1.
int connect_to(const std::string& address);

// A question, and how to know its answer.
struct Exchange {
  std::string question;
  std::string_view good;  // what a good answer begins with
  // How long the answer is that `text` begins with; 0 while that cannot be told.
  std::size_t (*answer_size)(std::string_view text);
};

Exchange http_exchange(std::string_view method, std::string_view target, std::string_view body);
Exchange beanstalkd_put(std::string_view body);

struct Load {
  double seconds = 0;
  std::vector<double> latencies_ms;
};

// `total` exchanges over `connections` connections, each of which asks again when it has its
// answer.
Load run(const std::string& address, const Exchange& exchange, std::size_t connections,
         std::size_t total);

// One exchange on a connection that is open already: the whole answer.
std::string ask(int socket, const Exchange& exchange);

}  // namespace bench
