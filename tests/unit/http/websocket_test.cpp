// SPDX-License-Identifier: MIT
// A job over a WebSocket.
#include <unistd.h>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using std::chrono::milliseconds;
using testing::HasSubstr;

class Client {
 public:
  Client(const std::string& path, const std::string& target, const std::string& protocol = "")
      : connection_(path), stream_(std::move(connection_.socket())) {
    stream_.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
      if (!protocol.empty()) request.set(beast::http::field::sec_websocket_protocol, protocol);
    }));
    stream_.handshake(response_, "localhost", target);
  }
  // Nothing: it is closed; see code().
  std::optional<boost::json::object> read() {
    beast::flat_buffer buffer;
    beast::error_code error;
    stream_.read(buffer, error);
    if (error) return std::nullopt;
    return boost::json::parse(beast::buffers_to_string(buffer.data())).as_object();
  }
  int code() {
    while (read()) {
    }
    return stream_.reason().code;
  }
  void write(const std::string& text, bool binary = false) {
    stream_.binary(binary);
    stream_.write(asio::buffer(text));
  }
  const websocket::response_type& response() const { return response_; }
  websocket::stream<asio::generic::stream_protocol::socket>& stream() { return stream_; }

 private:
  TestConnection connection_;
  websocket::response_type response_;
  websocket::stream<asio::generic::stream_protocol::socket> stream_;
};

class WebSockets : public testing::Test {
 protected:
  explicit WebSockets(Settings settings = TestServer::fast()) : server_(std::move(settings)) {
    server_.spool.add(caller_of(geteuid(), "")->owner);
  }
  void start() { server_.spool.change(1, job::Start{"echo"}); }
  void append(const std::string& text) { server_.spool.change(1, job::Append{"answer", text}); }
  void end() { server_.spool.change(1, job::Complete{"text"}); }

  TestServer server_;
};

std::string status(const std::optional<boost::json::object>& job) {
  return job ? std::string(job->at("status").as_string()) : "closed";
}

TEST_F(WebSockets, SendTheJobAtOnceAndAtEveryChange) {
  Client client(server_.path, "/api/ws/jobs/1");
  EXPECT_EQ(status(client.read()), "pending");
  start();
  EXPECT_EQ(status(client.read()), "processing");
  end();
  EXPECT_EQ(status(client.read()), "completed");
  EXPECT_EQ(client.code(), 1000);
}

TEST_F(WebSockets, TellOfAJobThatHasEnded) {
  start();
  end();
  Client client(server_.path, "/api/ws/jobs/1");
  EXPECT_EQ(status(client.read()), "completed");
  EXPECT_EQ(client.code(), 1000);
}

TEST_F(WebSockets, AnswerTheWordStatus) {
  Client client(server_.path, "/api/ws/jobs/1");
  client.read();
  client.write("status");
  EXPECT_EQ(status(client.read()), "pending");
  client.write("anything else");
  client.write("status");
  EXPECT_EQ(status(client.read()), "pending");
  Client events(server_.path, "/api/ws/jobs/1?events=all&after=1");
  events.write("status");
  EXPECT_EQ(status(events.read()), "pending");
}

TEST_F(WebSockets, SendEventsInOrder) {
  start();
  append("a");
  Client client(server_.path, "/api/ws/jobs/1?events=all&after=1");
  for (const auto* type : {"started", "delta"}) {
    EXPECT_EQ(client.read()->at("type").as_string(), type);
  }
  append("b");
  end();
  const auto delta = client.read();
  EXPECT_EQ(delta->at("seq").as_int64(), 4);
  EXPECT_EQ(delta->at("text").as_string(), "b");
  EXPECT_EQ(client.read()->at("type").as_string(), "completed");
  EXPECT_EQ(client.code(), 1000);
}

TEST_F(WebSockets, MissNoEventWhileThereAreMany) {
  start();
  Client client(server_.path, "/api/ws/jobs/1?events=all");
  auto writing = std::async(std::launch::async, [&] {
    for (int i = 0; i < 2000; ++i) append("text");
    end();
  });
  std::int64_t seq = 0;
  while (const auto event = client.read()) ASSERT_EQ(event->at("seq").as_int64(), ++seq);
  EXPECT_EQ(seq, 2003);
  EXPECT_EQ(client.code(), 1000);
}

TEST_F(WebSockets, DoNotLookAgainAndAgainForEventsThatAreLost) {
  server_.spool.damage(1);
  const Client client(server_.path, "/api/ws/jobs/1?events=all");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(server_.spool.event_reads_begun, 10);
}

TEST_F(WebSockets, RefuseAJobThatThereIsNotWithACloseCode) {
  for (const auto* id : {"9", "abc"}) {
    Client client(server_.path, std::string("/api/ws/jobs/") + id);
    EXPECT_THAT(std::string(client.read()->at("error").as_string()), HasSubstr(id));
    EXPECT_EQ(client.code(), 4504);
  }
}

TEST_F(WebSockets, AnswerEachQuestion) {
  for (const auto* mode : {"", "?events=all&after=1"}) {
    Client client(server_.path, std::string("/api/ws/jobs/1") + mode);
    if (std::string_view(mode).empty()) client.read();
    for (int i = 0; i < 3; ++i) client.write("status");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(status(client.read()), "pending") << mode;
  }
}

TEST_F(WebSockets, RefuseAWrongHandshakeWithAProblem) {
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::pair<std::string, int> cases[] = {
      {upgrade + version, 400},
      {upgrade + version + "Sec-WebSocket-Key: abc\r\n", 400},
      {upgrade + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", 426},
      {upgrade + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
       426}};
  for (const auto& [headers, code] : cases) {
    const Reply reply = server_.call("GET", "/api/ws/jobs/1", "", headers);
    EXPECT_EQ(reply.status, code) << headers;
    EXPECT_EQ(reply.header("Content-Type"), "application/problem+json") << headers;
  }
}

TEST_F(WebSockets, LetAClientComeBackWhereTheJobCannotBeReadNow) {
  server_.spool.refuse_events = Error{Code::internal, "The disk fails."};
  Client client(server_.path, "/api/ws/jobs/1?events=all");
  EXPECT_EQ(client.read()->at("error"), "The disk fails.");
  EXPECT_EQ(client.code(), 1011);
}

TEST_F(WebSockets, EndWhenTheJobIsRemoved) {
  Client objects(server_.path, "/api/ws/jobs/1"), events(server_.path, "/api/ws/jobs/1?events=all");
  objects.read();
  events.read();
  server_.spool.discard(1);
  for (Client* client : {&objects, &events}) {
    EXPECT_TRUE(client->read()->contains("error"));
    EXPECT_EQ(client->code(), 4504);
  }
}

TEST_F(WebSockets, TakeNoBinaryMessage) {
  Client client(server_.path, "/api/ws/jobs/1");
  client.write("status", true);
  EXPECT_EQ(client.code(), 1003);
}

TEST_F(WebSockets, TakeAMessageUpToALimit) {
  const std::string word = "status";
  Client client(server_.path, "/api/ws/jobs/1");
  client.read();
  client.write(std::string(limits::kWebSocketMessageBytesMax - word.size(), ' ') + word);
  EXPECT_EQ(status(client.read()), "pending");
  client.write(std::string(limits::kWebSocketMessageBytesMax + 1 - word.size(), ' ') + word);
  EXPECT_EQ(client.code(), 1009);
}

// A client whose messages wait, since the events that come before them are not given out.
class CrowdedWebSockets : public WebSockets {
 protected:
  CrowdedWebSockets() : gate_(server_.spool.event_gate) {}

  std::unique_ptr<Client> connect() {
    auto client = std::make_unique<Client>(server_.path, "/api/ws/jobs/1?events=all&after=1");
    while (server_.spool.event_reads_begun == 0) std::this_thread::yield();
    return client;
  }

  std::unique_lock<std::mutex> gate_;
};

TEST_F(CrowdedWebSockets, KeepSomeMessagesUntilTheyAreLookedAt) {
  const auto client = connect();
  for (std::size_t i = 1; i < limits::kWebSocketMessagesMax; ++i) client->write("hello");
  client->write("status");
  // The pong says that all of them have come.
  client->stream().control_callback([&](websocket::frame_type kind, beast::string_view) {
    if (kind == websocket::frame_type::pong) gate_.unlock();
  });
  client->stream().ping({});
  EXPECT_EQ(status(client->read()), "pending");
}

TEST_F(CrowdedWebSockets, EndWhereMoreMessagesComeThanAreKept) {
  const auto client = connect();
  for (std::size_t i = 0; i <= limits::kWebSocketMessagesMax; ++i) client->write("hello");
  EXPECT_EQ(client->code(), 1008);
}

TEST_F(WebSockets, EndWithTheServer) {
  Client client(server_.path, "/api/ws/jobs/1");
  client.read();
  auto stopped = server_.stop();
  EXPECT_EQ(client.code(), 1012);
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(WebSockets, EndWithTheServerThoughTheClientReadsNothing) {
  Client client(server_.path, "/api/ws/jobs/1");
  EXPECT_EQ(server_.stop().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(WebSockets, SpeakTheirProtocolWhereItIsOffered) {
  Client with(server_.path, "/api/ws/jobs/1", "other, llmspool.v1");
  EXPECT_EQ(with.response()[beast::http::field::sec_websocket_protocol], "llmspool.v1");
  EXPECT_FALSE(with.response()["X-Request-Id"].empty());
  Client without(server_.path, "/api/ws/jobs/1");
  EXPECT_EQ(without.response().count(beast::http::field::sec_websocket_protocol), 0U);
}

TEST_F(WebSockets, AreForOwnPagesOnly) {
  const std::string upgrade =
      "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(server_.call("GET", "/api/ws/jobs/1", "", upgrade).status, 101);
  EXPECT_EQ(
      server_.call("GET", "/api/ws/jobs/1", "", upgrade + "Origin: http://evil.example\r\n").status,
      403);
  EXPECT_EQ(server_.call("GET", "/api/ws/jobs/1?events=some", "", upgrade).status, 400);
  EXPECT_EQ(server_.call("GET", "/api/ws/jobs/1?x=1", "", upgrade).status, 400);
  const Reply plain = server_.call("GET", "/api/ws/jobs/1");
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(plain.header("Upgrade"), "websocket");
  // An upgrade to where there is no WebSocket is an ordinary request.
  EXPECT_EQ(server_.call("GET", "/healthz", "", upgrade).status, 200);
}

class ImpatientWebSockets : public WebSockets {
 protected:
  static Settings settings() {
    Settings settings = TestServer::fast();
    settings.timeouts.ping = milliseconds(200);
    settings.timeouts.write = milliseconds(400);
    return settings;
  }
  ImpatientWebSockets() : WebSockets(settings()) {}
};

TEST_F(ImpatientWebSockets, PingAndKeepWhoAnswers) {
  Client client(server_.path, "/api/ws/jobs/1");
  client.read();
  auto later = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(milliseconds(1000));
    start();
  });
  EXPECT_EQ(status(client.read()), "processing");  // reading answers pings
}

TEST_F(ImpatientWebSockets, LeaveWhoDoesNotAnswer) {
  Client client(server_.path, "/api/ws/jobs/1");
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_EQ(client.code(), 4008);
}

TEST_F(ImpatientWebSockets, LeaveWhoTakesNothing) {
  start();
  const int small = 4096;
  Client client(server_.path, "/api/ws/jobs/1?events=all");
  setsockopt(client.stream().next_layer().native_handle(), SOL_SOCKET, SO_RCVBUF, &small,
             sizeof small);
  // More than the socket holds, but soon said: the wait for the client begins with the first.
  for (int i = 0; i < 8; ++i) append(std::string(100'000, 'x'));
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_EQ(client.code(), 4009);
}

}  // namespace
}  // namespace llmspool::http
