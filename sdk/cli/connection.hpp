// SPDX-License-Identifier: MIT
// Which daemon to talk to, and what to tell people when there is no talking to it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <llmspool/client.hpp>
#include <string>
#include <string_view>

#include "exit_code.hpp"

namespace llmspool::cli {

// As given on the command line; empty: not given.
struct ConnectionOptions {
  std::string socket, server;
};
void add_connection_options(CLI::App& app, ConnectionOptions& options);

struct Server {
  std::string host;
  std::uint16_t port;
};
// "http://host[:port]"; throws Failure.
Server parse_server(const std::string& url);

// The options, else LLMSPOOL_SERVER, else LLMSPOOL_SOCKET, else the first usual socket that exists.
client::Client choose_client(const ConnectionOptions& options,
                             const std::function<std::string(const char*)>& environment,
                             const std::function<bool(const std::string&)>& exists);
client::Client choose_client(const ConnectionOptions& options);

// The daemon has not answered.
class NoAnswer : public Failure {
 public:
  NoAnswer(ExitCode code, const std::string& fact, const std::string& advice, bool may_be_done)
      : Failure(code, fact, code != ExitCode::permission_denied, advice),
        may_be_done_(may_be_done) {}
  // Whether it may have been asked all the same, and have done it.
  bool may_be_done() const { return may_be_done_; }

 private:
  bool may_be_done_;
};

// What went wrong with `address` and how to mend it.
NoAnswer unreachable(const std::string& address, const client::Error& error);

}  // namespace llmspool::cli
