// SPDX-License-Identifier: MIT
// Which daemon the tool talks to, and what it says where it cannot.
#include "connection.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace llmspool::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kSystem = "/run/llmspool/llmspool.sock";
constexpr const char* kOwn = "/run/user/7/llmspool/llmspool.sock";

std::string chosen(const ConnectionOptions& options,
                   const std::map<std::string, std::string>& variables = {},
                   const std::set<std::string>& files = {}) {
  return choose_client(
             options,
             [&](const char* name) {
               const auto found = variables.find(name);
               return found == variables.end() ? "" : found->second;
             },
             [&](const std::string& path) { return files.contains(path); })
      .address();
}

TEST(Connection, TheOptionsComeFirst) {
  const std::map<std::string, std::string> variables{{"LLMSPOOL_SERVER", "http://s"},
                                                     {"LLMSPOOL_SOCKET", "/v"}};
  EXPECT_EQ(chosen({.socket = "/o", .server = ""}, variables), "/o");
  EXPECT_EQ(chosen({.socket = "", .server = "http://o:1"}, variables), "http://o:1");
  EXPECT_EQ(chosen({}, variables), "http://s:7741");
  EXPECT_EQ(chosen({}, {{"LLMSPOOL_SOCKET", "/v"}}), "/v");
}

TEST(Connection, OfTheUsualSocketsTheFirstThatExistsIsTaken) {
  const std::map<std::string, std::string> variables{{"XDG_RUNTIME_DIR", "/run/user/7"}};
  EXPECT_EQ(chosen({}, variables, {kSystem, kOwn}), kSystem);
  EXPECT_EQ(chosen({}, variables, {kOwn}), kOwn);
  EXPECT_EQ(chosen({}, variables), kSystem);
  EXPECT_EQ(chosen({}, {}, {kOwn}), kSystem);
}

TEST(Connection, TheTokenIsTakenFromTheEnvironment) {
  const auto client = choose_client(
      {.socket = "/o", .server = ""},
      [](const char* name) { return std::string(name) == "LLMSPOOL_TOKEN" ? "secret" : ""; },
      [](const std::string&) { return false; });
  EXPECT_EQ(client.options().token, "secret");
}

TEST(Server, IsAnHttpAddress) {
  const auto check = [](const char* url, const char* host, int port) {
    const auto server = parse_server(url);
    EXPECT_EQ(server.host, host) << url;
    EXPECT_EQ(server.port, port) << url;
  };
  check("http://spool", "spool", 7741);
  check("http://10.0.0.1:80/", "10.0.0.1", 80);
  check("http://[::1]:7742", "::1", 7742);
  for (const char* wrong : {"spool", "https://spool", "http://", "http://a:0", "http://a:65536",
                            "http://a:b", "http://a/path", "http://u@a", "http://::1"})
    EXPECT_THROW(parse_server(wrong), Failure) << wrong;
}

TEST(Server, IsNoSocket) {
  try {
    parse_server("/run/spool.sock");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_STREQ(
        failure.what(),
        "'/run/spool.sock' is no address of a daemon. Write http://host:port; a Unix socket "
        "is named with --socket.");
  }
}

TEST(Server, HasNoEndlessAddress) {
  const auto host = [](std::size_t bytes) { return std::string(bytes, 'a'); };
  EXPECT_EQ(parse_server("http://" + host(253) + ":65535/").host, host(253));
  try {
    parse_server("http://" + host(1'000'000));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_STREQ(failure.what(),
                 "The daemon's address is longer than 300 bytes. Write http://host:port.");
  }
}

Failure failure_of(client::Error::Kind kind, boost::system::errc::errc_t cause,
                   const std::string& address = kSystem) {
  return unreachable(address, client::Error(kind, "Connecting", make_error_code(cause)));
}

TEST(Unreachable, SaysWhatToDo) {
  using Kind = client::Error::Kind;
  namespace errc = boost::system::errc;
  const auto absent = failure_of(Kind::no_socket, errc::no_such_file_or_directory);
  EXPECT_EQ(absent.code(), ExitCode::unreachable);
  EXPECT_STREQ(absent.what(),
               "The daemon is not reachable at /run/llmspool/llmspool.sock: No such file or "
               "directory. Start it with 'systemctl start llmspoold' or 'make run', or name "
               "another socket with --socket.");
  EXPECT_THAT(failure_of(Kind::refused, errc::connection_refused, "http://a:1").what(),
              HasSubstr("--server"));
  const auto denied = failure_of(Kind::permission_denied, errc::permission_denied);
  EXPECT_EQ(denied.code(), ExitCode::permission_denied);
  EXPECT_THAT(denied.what(), HasSubstr("sudo usermod -aG llmspool $USER"));
  const auto lost = failure_of(Kind::disconnected, errc::connection_reset);
  EXPECT_THAT(lost.what(), testing::EndsWith("It may be restarting: try again."));
  EXPECT_THAT(lost.fact(), testing::EndsWith("(Connection reset by peer)."));
  EXPECT_EQ(failure_of(Kind::timed_out, errc::timed_out).code(), ExitCode::unreachable);
  EXPECT_EQ(failure_of(Kind::protocol, errc::bad_message).code(), ExitCode::server_error);
}

}  // namespace
}  // namespace llmspool::cli
