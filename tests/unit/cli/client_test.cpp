// SPDX-License-Identifier: MIT
// The C++ client against a server with prepared answers, and against none.
#include <gmock/gmock.h>

#include <llmspool/client.hpp>

#include "canned_server.hpp"

namespace llmspool::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Error::Kind kind_of_failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  throw std::logic_error("there was no error");
}

TEST(Client, SendsARequestAndGivesTheAnswer) {
  CannedServer server({answer("201 Created", "application/json", R"({"job_id":"42"})",
                              "Location: /api/jobs/42\r\n")});
  const auto client = Client::unix_socket(server.path(), {.token = "secret"});
  const auto response =
      client.request("POST", "/api/jobs?wait=5", R"({"prompt":"x"})", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, R"({"job_id":"42"})");
  EXPECT_EQ(response.header("location"), "/api/jobs/42");
  EXPECT_EQ(response.header("absent"), std::nullopt);
  EXPECT_THAT(
      server.requests().front(),
      AllOf(StartsWith("POST /api/jobs?wait=5 HTTP/1.1\r\n"), HasSubstr("Host: localhost\r\n"),
            HasSubstr("Content-Type: application/json\r\n"),
            HasSubstr("Authorization: Bearer secret\r\n"), HasSubstr("Idempotency-Key: k\r\n"),
            HasSubstr("\r\n\r\n{\"prompt\":\"x\"}")));
}

TEST(Client, GivesRefusalsAsAnswers) {
  CannedServer server({answer("404 Not Found", "application/problem+json", "{}")});
  EXPECT_EQ(Client::unix_socket(server.path()).request("GET", "/x").status, 404);
}

TEST(Client, StreamsEvents) {
  CannedServer server(
      {event_stream(": ping\n\nid: 1\nevent: created\ndata: {}\n\n"
                    "id: 2\nevent: completed\ndata: {}\n\n",
                    true)});
  auto stream = Client::unix_socket(server.path()).events("/api/jobs/1/events?after=0");
  EXPECT_EQ(stream.response().status, 200);
  EXPECT_EQ(stream.next().value().event, "created");
  EXPECT_EQ(stream.next().value().id, "2");
  EXPECT_FALSE(stream.next());
  EXPECT_THAT(server.requests().front(), HasSubstr("Accept: text/event-stream\r\n"));
}

TEST(Client, SaysThatAStreamWasCut) {
  CannedServer server({event_stream("id: 1\nevent: created\ndata: {}\n\n", false)});
  auto stream = Client::unix_socket(server.path()).events("/events");
  EXPECT_TRUE(stream.next());
  EXPECT_EQ(kind_of_failure([&] { stream.next(); }), Error::Kind::disconnected);
}

TEST(Client, GivesTheRefusalInPlaceOfAStream) {
  CannedServer server({answer("404 Not Found", "application/problem+json", R"({"detail":"No."})")});
  auto stream = Client::unix_socket(server.path()).events("/events");
  EXPECT_EQ(stream.response().status, 404);
  EXPECT_EQ(stream.response().body, R"({"detail":"No."})");
  EXPECT_FALSE(stream.next());
}

std::string all_of(BodyStream stream) {
  std::string body;
  while (const auto piece = stream.next()) body += *piece;
  return body;
}

TEST(Client, StreamsABodyBeyondTheLimitForAnswers) {
  const std::string large(100000, 'x');
  CannedServer server({chunked("application/x-ndjson", {large, "y"}, true),
                       answer("200 OK", "text/plain", large, "X-Kind: plain\r\n")});
  const auto client = Client::unix_socket(server.path(), {.token = {}, .response_bytes_max = 10});
  EXPECT_EQ(all_of(client.stream("/results")), large + "y");
  auto stream = client.stream("/results");
  EXPECT_EQ(stream.response().status, 200);
  EXPECT_EQ(stream.response().header("x-kind"), "plain");
  EXPECT_EQ(all_of(std::move(stream)), large);
}

TEST(Client, SaysThatABodyWasCut) {
  CannedServer server({chunked("text/plain", {"abc"}, false)});
  auto stream = Client::unix_socket(server.path()).stream("/results");
  EXPECT_EQ(stream.next(), "abc");
  EXPECT_EQ(kind_of_failure([&] { stream.next(); }), Error::Kind::disconnected);
}

TEST(Client, SendsABodyInChunks) {
  CannedServer server({answer("200 OK", "text/plain", "all of it")});
  std::vector<std::string> pieces{"", "second", "first"};
  auto stream = Client::unix_socket(server.path())
                    .upload("POST", "/bulk",
                            [&] {
                              auto piece = pieces.back();
                              pieces.pop_back();
                              return piece;
                            },
                            {{"Content-Type", "application/x-ndjson"}});
  EXPECT_EQ(all_of(std::move(stream)), "all of it");
  EXPECT_THAT(server.requests().front(),
              AllOf(HasSubstr("Content-Type: application/x-ndjson\r\n"),
                    testing::EndsWith("\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")));
}

TEST(Client, StopsSendingABodyThatIsRefused) {
  CannedServer server({answer("413 Too Large", "application/problem+json", "{}")});
  const auto stream = Client::unix_socket(server.path()).upload("POST", "/bulk", [] {
    return std::string(10000, 'x');  // without an end
  });
  EXPECT_EQ(stream.response().status, 413);
  EXPECT_EQ(stream.response().body, "{}");
}

TEST(Client, TellsFailuresApart) {
  const auto get = [](const std::string& path) {
    return kind_of_failure([&] { Client::unix_socket(path).request("GET", "/"); });
  };
  EXPECT_EQ(get("/nonexistent/socket"), Error::Kind::no_socket);
  EXPECT_EQ(get("/dev/null"), Error::Kind::refused);
  EXPECT_EQ(get(std::string(200, 'x')), Error::Kind::unreachable);
  EXPECT_EQ(kind_of_failure([] { Client::tcp("127.0.0.1", 1).request("GET", "/"); }),
            Error::Kind::refused);
  CannedServer server(
      {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", ""});
  EXPECT_EQ(get(server.path()), Error::Kind::protocol);
  EXPECT_EQ(get(server.path()), Error::Kind::disconnected);
  EXPECT_EQ(get(server.path()), Error::Kind::disconnected);
}

TEST(Client, WaitsNoLongerThanItIsTold) {
  // Connections to a listener that accepts none succeed until its queue is full.
  const std::string path = std::filesystem::temp_directory_path() /
                           ("llmspool-silent-" + std::to_string(::getpid()) + ".sock");
  boost::asio::io_context io;
  const boost::asio::local::stream_protocol::acceptor silent(io, path);
  const auto client = Client::unix_socket(path, {.token = {},
                                                 .connect_timeout = std::chrono::milliseconds(20),
                                                 .idle_timeout = std::chrono::milliseconds(20)});
  EXPECT_EQ(kind_of_failure([&] { client.request("GET", "/"); }), Error::Kind::timed_out);
  std::filesystem::remove(path);
}

TEST(Client, HasALimitForAnswers) {
  CannedServer server({answer("200 OK", "text/plain", "12345678901")});
  const auto client = Client::unix_socket(server.path(), {.token = {}, .response_bytes_max = 10});
  EXPECT_EQ(kind_of_failure([&] { client.request("GET", "/"); }), Error::Kind::protocol);
}

TEST(Client, SendsNothingThatWouldBeAnotherRequest) {
  const auto client = Client::unix_socket("/nonexistent/socket");
  EXPECT_THROW(client.request("GET", "/a b"), std::invalid_argument);
  EXPECT_THROW(client.request("GET", "/a\r\nX: y"), std::invalid_argument);
  EXPECT_THROW(client.request("GET", "http://elsewhere/"), std::invalid_argument);
  EXPECT_THROW(client.request("GET", "/", "", {{"Idempotency-Key", "a\r\nX: y"}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace llmspool::client
