// SPDX-License-Identifier: MIT
// Which daemon to talk to; see connection.hpp.
#include "connection.hpp"

#include <sys/stat.h>

#include <charconv>
#include <regex>
#include <vector>

#include "environment.hpp"

namespace llmspool::cli {
namespace {

constexpr const char* kSystemSocket = "/run/llmspool/llmspool.sock";
constexpr std::uint16_t kDefaultPort = 7741;
// More than any host's name and port take; std::regex recurses for each byte.
constexpr std::size_t kUrlBytesMax = 300;

// What may not be looked at counts as there: the attempt to connect then says what is wrong.
bool may_exist(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 || errno == EACCES;
}

}  // namespace

void add_connection_options(CLI::App& app, ConnectionOptions& options) {
  auto* socket = app.add_option("--socket", options.socket,
                                "The daemon's Unix socket (LLMSPOOL_SOCKET; else the first that "
                                "exists of /run/llmspool/llmspool.sock and "
                                "$XDG_RUNTIME_DIR/llmspool/llmspool.sock)")
                     ->type_name("PATH");
  app.add_option("--server", options.server,
                 "The daemon over TCP, as http://host:port (LLMSPOOL_SERVER; a bearer token is "
                 "taken from LLMSPOOL_TOKEN)")
      ->type_name("URL")
      ->excludes(socket);
}

Server parse_server(const std::string& url) {
  static const std::regex kUrl(R"(http://(?:\[([0-9a-fA-F:.]+)\]|([^:/\[\]@?#\s]+))(?::(\d+))?/?)");
  if (url.size() > kUrlBytesMax)
    throw Failure(ExitCode::usage, "The daemon's address is longer than " +
                                       std::to_string(kUrlBytesMax) +
                                       " bytes. Write http://host:port.");
  std::smatch match;
  if (!std::regex_match(url, match, kUrl))
    throw Failure(ExitCode::usage,
                  "'" + url + "' is no address of a daemon. Write http://host:port" +
                      (url.starts_with("https:")
                           ? "; for TLS, connect through a proxy or tunnel on this machine."
                           : "; a Unix socket is named with --socket."));
  std::uint16_t port = kDefaultPort;
  if (match[3].matched) {
    const auto digits = match[3].str();
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failure != std::errc() || port == 0)
      throw Failure(ExitCode::usage, "'" + digits + "' is no port; ports are 1 to 65535.");
  }
  return {match[1].matched ? match[1].str() : match[2].str(), port};
}

client::Client choose_client(const ConnectionOptions& options,
                             const std::function<std::string(const char*)>& variable,
                             const std::function<bool(const std::string&)>& exists) {
  client::Options settings;
  settings.token = variable("LLMSPOOL_TOKEN");

  const auto by_tcp = [&](const std::string& url) {
    auto [host, port] = parse_server(url);
    return client::Client::tcp(std::move(host), port, settings);
  };
  const auto by_socket = [&](const std::string& path) {
    return client::Client::unix_socket(path, settings);
  };

  if (!options.server.empty()) return by_tcp(options.server);
  if (!options.socket.empty()) return by_socket(options.socket);
  if (const auto url = variable("LLMSPOOL_SERVER"); !url.empty()) return by_tcp(url);
  if (const auto path = variable("LLMSPOOL_SOCKET"); !path.empty()) return by_socket(path);
  if (const auto runtime = variable("XDG_RUNTIME_DIR"); !runtime.empty()) {
    const auto own = runtime + "/llmspool/llmspool.sock";
    if (!exists(kSystemSocket) && exists(own)) return by_socket(own);
  }
  return by_socket(kSystemSocket);
}

client::Client choose_client(const ConnectionOptions& options) {
  return choose_client(options, environment, may_exist);
}

NoAnswer unreachable(const std::string& address, const client::Error& error) {
  const bool tcp = address.starts_with("http:");
  const std::string cause = error.cause().message();
  using Kind = client::Error::Kind;
  switch (error.kind()) {
    case Kind::permission_denied:
      return {
          ExitCode::permission_denied,
          "You may not use the daemon's socket " + address + ": " + cause + '.',
          " Add yourself to the group 'llmspool' (sudo usermod -aG llmspool $USER), then log in "
          "again.",
          false};
    case Kind::no_socket:
    case Kind::refused:
    case Kind::unreachable:
      return {ExitCode::unreachable,
              "The daemon is not reachable at " + address + ": " + cause + '.',
              std::string(" Start it with 'systemctl start llmspoold' or 'make run', or name "
                          "another ") +
                  (tcp ? "server with --server." : "socket with --socket."),
              false};
    case Kind::timed_out:
      return {ExitCode::unreachable, "The daemon at " + address + " does not answer.",
              " Look at its state with 'systemctl status llmspoold'.", true};
    case Kind::disconnected:
      return {ExitCode::unreachable,
              "The daemon at " + address + " closed the connection before it had answered (" +
                  cause + ").",
              " It may be restarting: try again.", true};
    case Kind::protocol:
      break;
  }
  return {ExitCode::server_error,
          "What answers at " + address + " is not llmspoold: " + cause + '.', " Check the address.",
          false};
}

}  // namespace llmspool::cli
