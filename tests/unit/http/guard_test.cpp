// SPDX-License-Identifier: MIT
#include "http/guard.hpp"

#include <gtest/gtest.h>

namespace llmspool::http {
namespace {

Headers with(std::string name, std::string value) {
  Headers headers;
  headers.add(std::move(name), std::move(value));
  return headers;
}

Code host(const std::string& text, const Settings& settings = {}) {
  const auto ours = check_host(Transport::tcp, true, with("Host", text), settings);
  return ours ? Code::internal : ours.error().code;
}
constexpr Code kFine = Code::internal;

TEST(Host, MustBeALoopbackNameOnTcp) {
  for (const auto* text :
       {"localhost", "LocalHost:7741", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:7741"}) {
    EXPECT_EQ(host(text), kFine) << text;
  }
  for (const auto* text : {"evil.example", "localhost.evil.example", "localhost@evil", "",
                           "127.0.0.1.evil.example:7741", "192.168.0.1", "[::2]", "::1",
                           "localhost:x", "evil:localhost"}) {
    EXPECT_EQ(host(text), Code::forbidden) << text;
  }
}

TEST(Host, MayBeAllowedByTheOperator) {
  Settings settings;
  settings.allowed_hosts = {"spool.example", "proxy.example:8443"};
  EXPECT_EQ(host("Spool.example:7741", settings), kFine);
  EXPECT_EQ(host("proxy.example:8443", settings), kFine);
  EXPECT_EQ(host("proxy.example", settings), Code::forbidden);
}

TEST(Host, MustBeThereOnTcpAndMayBeAnythingOnAUnixSocket) {
  EXPECT_EQ(check_host(Transport::tcp, true, {}, {}).error().code, Code::invalid);
  EXPECT_EQ(check_host(Transport::tcp, false, {}, {}).error().code, Code::forbidden);
  EXPECT_TRUE(check_host(Transport::unix_socket, true, {}, {}));
  EXPECT_TRUE(check_host(Transport::unix_socket, true, with("Host", "anything"), {}));
  Headers twice = with("Host", "localhost");
  twice.add("host", "evil.example");
  EXPECT_EQ(check_host(Transport::unix_socket, true, twice, {}).error().code, Code::invalid);
}

TEST(Origin, MustBeTheSameOrAllowed) {
  Settings settings;
  settings.allowed_origins = {"https://app.example"};
  Headers headers = with("Host", "localhost:7741");
  EXPECT_TRUE(check_origin(Transport::tcp, headers, settings));
  headers.add("Origin", "");
  for (const auto* text :
       {"http://localhost:7741", "HTTP://LOCALHOST:7741", "https://app.example"}) {
    headers.set("Origin", text);
    EXPECT_TRUE(check_origin(Transport::tcp, headers, settings)) << text;
  }
  for (const auto* text :
       {"null", "", "http://localhost", "http://localhost:7742", "http://evil.example",
        "http://localhost:7741.evil.example", "https://app.example.evil", "file://"}) {
    headers.set("Origin", text);
    EXPECT_EQ(check_origin(Transport::tcp, headers, settings).error().code, Code::forbidden)
        << text;
  }
}

TEST(Origin, IsOne) {
  Headers headers = with("Host", "localhost");
  headers.add("Origin", "http://localhost");
  headers.add("Origin", "https://evil.example");
  EXPECT_FALSE(check_origin(Transport::tcp, headers, Settings{}));
}

TEST(Origin, IsNeverTheSameBehindAUnixSocket) {
  Settings settings;
  settings.allowed_origins = {"https://app.example"};
  Headers headers = with("Host", "localhost");
  headers.set("Origin", "http://localhost");
  EXPECT_FALSE(check_origin(Transport::unix_socket, headers, settings));
  headers.set("Origin", "https://app.example");
  EXPECT_TRUE(check_origin(Transport::unix_socket, headers, settings));
}

TEST(ContentType, IsOneThatNoPlainWebFormCanSend) {
  for (const auto* text :
       {"application/json", "Application/JSON; charset=utf-8", "multipart/form-data; boundary=x"}) {
    EXPECT_TRUE(check_content_type(with("Content-Type", text))) << text;
  }
  for (const auto* text : {"text/plain", "application/x-www-form-urlencoded", "", "json",
                           "text/plain; application/json", "application/json, text/plain"}) {
    EXPECT_EQ(check_content_type(with("Content-Type", text)).error().code, Code::unsupported_media)
        << text;
  }
  EXPECT_FALSE(check_content_type({}));
  Headers packed = with("Content-Type", "application/json");
  packed.add("Content-Encoding", "gzip");
  EXPECT_FALSE(check_content_type(packed));
}

}  // namespace
}  // namespace llmspool::http
