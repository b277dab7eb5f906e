// SPDX-License-Identifier: MIT
// The server over real sockets: HTTP itself, its limits, and who is let in.
#include "http/server.hpp"

#include <poll.h>
#include <unistd.h>

#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Server, AnswersOnBothTransports) {
  TestServer server;
  TestConnection unix_socket(server.path), tcp(server.port);
  for (TestConnection* connection : {&unix_socket, &tcp}) {
    connection->send(TestServer::request("GET", "/healthz"));
    const Reply reply = read_reply(*connection);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok\n");
    EXPECT_EQ(reply.header("X-Request-Id").size(), 16U);
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
  }
}

TEST(Server, KnowsTheCallerOnBothTransports) {
  TestServer server;
  const std::string me = caller_of(geteuid(), "")->owner;
  const std::string body = R"({"prompt":"a"})";
  TestConnection unix_socket(server.path), tcp(server.port);
  for (TestConnection* connection : {&unix_socket, &tcp}) {
    connection->send(TestServer::request("POST", "/api/jobs", body));
    EXPECT_EQ(read_reply(*connection).json().at("owner").as_string(), me);
  }
}

TEST(Server, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send(TestServer::request("GET", "/healthz") + TestServer::request("GET", "/nowhere") +
                  TestServer::request("POST", "/api/jobs", R"({"prompt":"a"})") +
                  TestServer::request("GET", "/readyz", "", "Connection: close\r\n"));
  EXPECT_EQ(read_reply(connection).status, 200);
  EXPECT_EQ(read_reply(connection).status, 404);
  EXPECT_EQ(read_reply(connection).status, 201);
  EXPECT_EQ(read_reply(connection).body, "ready\n");
  EXPECT_EQ(connection.read_all(), "");
}

TEST(Server, KeepsARequestIdThatMayStandInLogs) {
  TestServer server;
  EXPECT_EQ(
      server.call("GET", "/healthz", "", "X-Request-Id: abc-1.2_3\r\n").header("X-Request-Id"),
      "abc-1.2_3");
  EXPECT_THAT(server.call("GET", "/healthz", "", "X-Request-Id: a b\r\n").header("X-Request-Id"),
              Not(HasSubstr("a b")));
}

TEST(Server, AnswersHeadOptionsAndMethodsThatThereAreNot) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send(TestServer::request("HEAD", "/api/openapi.json"));
  const Reply head = read_reply(connection, true);
  EXPECT_EQ(head.status, 200);
  EXPECT_GT(std::stoul(head.header("Content-Length")), 1000U);
  connection.send(TestServer::request("OPTIONS", "/api/jobs"));
  const Reply options = read_reply(connection);
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(options.header("Content-Length"), "");
  connection.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(read_reply(connection).status, 204);
  connection.send(TestServer::request("BREW", "/api/jobs"));
  const Reply wrong = read_reply(connection);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(wrong.header("Content-Type"), "application/problem+json");
}

TEST(Server, RefusesWhatIsNoHttp) {
  TestServer server;
  for (const std::string text :
       {"NONSENSE\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    TestConnection connection(server.path);
    connection.send(text);
    const Reply reply = read_reply(connection);
    EXPECT_EQ(reply.status, 400) << text;
    EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
    EXPECT_NE(reply.header("X-Request-Id"), "");
  }
}

TEST(Server, EndsAConnectionOnWhichANextRequestCannotBeFound) {
  TestServer server;
  const std::string body = "\r\n3\r\nabc\r\n0\r\n\r\n";
  for (const std::string head :
       {"POST /api/jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
        "POST /api/jobs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: identity\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n",
        "POST /api/jobs HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n"}) {
    TestConnection connection(server.path);
    connection.send(head + body + TestServer::request("GET", "/healthz"));
    const Reply reply = read_reply(connection);
    EXPECT_EQ(reply.status, 400) << head;
    EXPECT_NE(reply.header("Connection"), "keep-alive") << head;
    connection.socket().shutdown(asio::socket_base::shutdown_send);
    EXPECT_EQ(connection.read_all(), "") << head;
  }
}

TEST(Server, LimitsTheHeader) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send("GET / HTTP/1.1\r\nX: " + std::string(limits::kHeaderBytesMax, 'x') + "\r\n\r\n");
  EXPECT_EQ(read_reply(connection).status, 431);
}

TEST(Server, RefusesABodyThatIsTooLargeWithoutReadingIt) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send(
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 1000000000\r\n\r\n");
  const Reply reply = read_reply(connection);
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("server.body_bytes_max"));
  EXPECT_EQ(reply.header("Connection"), "close");
}

TEST(Server, RefusesAChunkedBodyThatIsTooLarge) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send(
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    if (!connection.try_send("4000\r\n" + std::string(0x4000, ' ') + "\r\n")) break;
  }
  EXPECT_EQ(read_reply(connection).status, 413);
}

TEST(Server, ReadsNoMoreLargeBodiesAtOnceThanItHasRoomFor) {
  auto settings = TestServer::fast();
  settings.bodies_bytes_max = settings.body_bytes_max;
  TestServer server(std::move(settings));
  const std::string large = R"({"prompt":")" + std::string(std::size_t{200} * 1024, 'x') + "\"}";
  const std::string text =
      TestServer::request("POST", "/api/jobs", large, "Expect: 100-continue\r\n");
  TestConnection first(server.path);
  first.send(text.substr(0, text.size() - large.size()));
  EXPECT_THAT(first.read_until("\r\n\r\n"), HasSubstr("100 Continue"));
  const Reply refused = server.call("POST", "/api/jobs", large);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.header("Retry-After"), "");
  EXPECT_EQ(server.call("POST", "/api/jobs", R"({"prompt":"x"})").status, 201);
  first.send(large);
  EXPECT_EQ(read_reply(first).status, 201);
  first.send(TestServer::request("GET", "/healthz"));  // answered when the room is given back
  EXPECT_EQ(read_reply(first).status, 200);
  EXPECT_EQ(server.call("POST", "/api/jobs", large).status, 201);
}

TEST(Server, TakesAChunkedBody) {
  TestServer server;
  TestConnection connection(server.path);
  connection.send(
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n"
      "5\r\n{\"pro\r\n9\r\nmpt\":\"a\"}\r\n0\r\n\r\n");
  EXPECT_EQ(read_reply(connection).status, 201);
}

TEST(Server, AsksForABodyThatIsExpected) {
  TestServer server;
  TestConnection connection(server.path);
  const std::string head =
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n";
  connection.send(head);
  EXPECT_EQ(read_reply(connection).status, 100);
  connection.send(R"({"prompt":"a"})");
  EXPECT_EQ(read_reply(connection).status, 201);
}

TEST(Server, AsksForNoBodyWhereNoneComes) {
  TestServer server;
  TestConnection bare(server.path), old(server.path);
  bare.send(TestServer::request("GET", "/healthz", "", "Expect: 100-continue\r\n"));
  EXPECT_EQ(read_reply(bare).status, 200);
  old.send(
      "POST /api/jobs HTTP/1.0\r\nExpect: 100-continue\r\n"
      "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"prompt\":\"a\"}");
  EXPECT_EQ(read_reply(old).status, 201);
}

TEST(Server, RefusesBodiesOfOtherTypes) {
  TestServer server;
  EXPECT_EQ(server
                .call("POST", "/api/jobs", "prompt=a",
                      "Content-Type: application/x-www-form-urlencoded\r\n")
                .status,
            415);
  EXPECT_EQ(server.call("POST", "/api/jobs", "{}", "Content-Type: text/plain\r\n").status, 415);
}

TEST(Server, LetsOnlyItsOwnHostsIn) {
  TestServer server;
  const std::pair<std::string, int> cases[] = {
      {"GET /healthz HTTP/1.1\r\nHost: localhost:7741\r\n\r\n", 200},
      {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
      {"GET /healthz HTTP/1.1\r\n\r\n", 400},
      {"GET /healthz HTTP/1.0\r\n\r\n", 403},
      {"GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
      {"DELETE /api/jobs/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
       403},
      {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 200},
  };
  for (const auto& [text, status] : cases) {
    TestConnection connection(server.port);
    connection.send(text);
    EXPECT_EQ(read_reply(connection).status, status) << text;
  }
}

TEST(Server, TellsBrowsersWhichPagesMayReadAnswers) {
  Settings settings = TestServer::fast();
  settings.allowed_origins = {"https://app.example"};
  TestServer server(settings);
  const Reply allowed = server.call("OPTIONS", "/api/jobs", "", "Origin: https://app.example\r\n");
  EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_THAT(allowed.header("Access-Control-Allow-Headers"), HasSubstr("Content-Type"));
  EXPECT_EQ(allowed.header("Vary"), "Origin");
  const Reply other = server.call("OPTIONS", "/api/jobs", "", "Origin: https://evil.example\r\n");
  EXPECT_EQ(other.header("Access-Control-Allow-Origin"), "");
}

TEST(Server, ClosesAConnectionThatSaysNothing) {
  Settings settings = TestServer::fast();
  settings.timeouts.header = settings.timeouts.body = milliseconds(100);
  TestServer server(settings);
  TestConnection silent(server.path), half(server.path), bodiless(server.path);
  half.send("GET / HT");
  bodiless.send(
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(half.read_all(), "");
  const Reply late = read_reply(bodiless);
  EXPECT_EQ(late.status, 408);
  EXPECT_EQ(late.header("Connection"), "close");
}

TEST(Server, TurnsAwayMoreConnectionsThanItMayHave) {
  Settings settings = TestServer::fast();
  settings.connections_max = 2;
  TestServer server(settings);
  TestConnection first(server.path);
  first.send(TestServer::request("GET", "/healthz"));
  EXPECT_EQ(read_reply(first).status, 200);
  {
    TestConnection second(server.path);
    second.send(TestServer::request("GET", "/healthz"));
    EXPECT_EQ(read_reply(second).status, 200);
    TestConnection third(server.path);
    EXPECT_EQ(read_reply(third).status, 503);
  }
  for (;;) {  // the second's end is noticed in a moment
    TestConnection fourth(server.path);
    fourth.try_send(TestServer::request("GET", "/healthz"));
    if (read_reply(fourth).status == 200) break;
  }
}

TEST(Server, CutsOffAClientThatTakesNothing) {
  Settings settings = TestServer::fast();
  settings.timeouts.write = milliseconds(200);
  TestServer server(settings);
  const auto id = server.spool.add(caller_of(geteuid(), "")->owner);
  server.spool.change(id, job::Start{"echo"});
  job::FinishStep step;
  step.files.push_back({"big.txt", "other", "text/plain", std::string(16 << 20, 'x')});
  server.spool.change(id, step);
  TestConnection connection(server.path);
  connection.send(TestServer::request("GET", "/api/jobs/1/files/big.txt"));
  pollfd until_cut_off{connection.socket().native_handle(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&until_cut_off, 1, 30'000), 1);
  EXPECT_LT(connection.read_all().size(), 16U << 20);
}

TEST(Server, StopsWithoutLeavingAnybodyBehind) {
  TestServer server;
  TestConnection idle(server.path), waiting(server.port), fresh(server.path);
  fresh.send(TestServer::request("GET", "/healthz"));
  EXPECT_EQ(read_reply(fresh).status, 200);
  waiting.send(TestServer::request("POST", "/api/jobs?wait=60", R"({"prompt":"a"})"));
  while (server.spool.get({"", true}, 1).has_value() == false) std::this_thread::yield();
  auto stopped = server.stop();
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_FALSE(std::filesystem::exists(server.path));
  const Reply reply = read_reply(waiting);  // the job is safe: the client learns of it
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.header("Connection"), "close");
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(fresh.read_all(), "");
}

TEST(Server, StopsThoughAClientIsInTheMiddleOfItsBody) {
  TestServer server;
  TestConnection half(server.path);
  half.send(
      "POST /api/jobs HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Type: application/json\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(read_reply(half).status, 100);
  auto stopped = server.stop();
  EXPECT_EQ(read_reply(half).status, 503);
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

}  // namespace
}  // namespace llmspool::http
