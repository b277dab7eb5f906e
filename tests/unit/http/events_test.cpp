// SPDX-License-Identifier: MIT
// A job's events as JSON and as server-sent events.
#include <unistd.h>

#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Events : public testing::Test {
 protected:
  explicit Events(Settings settings = TestServer::fast()) : server_(std::move(settings)) {
    server_.spool.add(caller_of(geteuid(), "")->owner);
  }
  void run(int deltas) {
    server_.spool.change(1, job::Start{"echo"});
    for (int i = 0; i < deltas; ++i) {
      server_.spool.change(1, job::Append{"answer", std::to_string(i) + " "});
    }
  }
  void end() { server_.spool.change(1, job::Complete{"text"}); }
  Reply get(const std::string& query) { return server_.call("GET", "/api/jobs/1/events" + query); }
  TestConnection stream(const std::string& query = "", const std::string& headers = "") {
    TestConnection connection(server_.path);
    connection.send(TestServer::request("GET", "/api/jobs/1/events" + query, "",
                                        "Accept: text/event-stream\r\n" + headers));
    return connection;
  }

  TestServer server_;
};

std::vector<std::int64_t> numbers(const Reply& reply) {
  std::vector<std::int64_t> result;
  const boost::json::object body = reply.json();
  for (const auto& event : body.at("events").as_array()) {
    result.push_back(event.at("seq").as_int64());
  }
  return result;
}

TEST_F(Events, ArePagedAfterAGivenOne) {
  run(4);
  end();  // 1 created, 2 started, 3-6 deltas, 7 completed
  using testing::ElementsAre;
  EXPECT_THAT(numbers(get("")), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  const Reply page = get("?after=2&limit=3");
  EXPECT_THAT(numbers(page), ElementsAre(3, 4, 5));
  EXPECT_EQ(page.json().at("last").as_int64(), 5);
  EXPECT_EQ(get("?after=7").json().at("last").as_int64(), 7);
  EXPECT_THAT(numbers(get("?after=7&wait=60")), ElementsAre());  // nothing more will come
  EXPECT_THAT(numbers(get("?after=1000")), ElementsAre());
  for (const auto* query :
       {"?after=-1", "?after=x", "?limit=0", "?wait=301", "?wait=-1", "?a=1", "?after=1&after=2"}) {
    EXPECT_EQ(get(query).status, 400) << query;
  }
}

TEST_F(Events, AreWaitedFor) {
  auto reply = std::async(std::launch::async, [&] { return get("?after=1&wait=30"); });
  while (server_.spool.event_reads_ended == 0) std::this_thread::yield();  // there was none
  run(0);
  EXPECT_THAT(numbers(reply.get()), testing::ElementsAre(2));
  EXPECT_THAT(numbers(get("?after=2&wait=0.05")), testing::ElementsAre());
}

TEST_F(Events, ComeAsAStreamUntilTheEnd) {
  auto connection = stream();
  EXPECT_THAT(connection.read_until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(connection.read_until("\"type\":\"created\""), HasSubstr("id: 1\nevent: created\n"));
  run(1);
  EXPECT_THAT(connection.read_until("\"text\":\"0 \"}\n\n"),
              HasSubstr("id: 3\nevent: delta\ndata: {"));
  end();
  EXPECT_THAT(connection.read_until("0\r\n\r\n"), HasSubstr("event: completed"));
  // The connection goes on.
  connection.send(TestServer::request("GET", "/healthz"));
  EXPECT_EQ(read_reply(connection).status, 200);
}

TEST_F(Events, ComeWithWhatIsExpectedOfTheJob) {
  server_.spool.expected = job::Outlook{.queue_position = 3, .eta_seconds = 40};
  auto connection = stream();
  connection.read_until("event: queue\n");
  EXPECT_EQ(connection.read_until("\n\n"), "data: {\"queue_position\":3,\"eta_seconds\":40}\n\n");
}

TEST_F(Events, ComeAgainFromWhereTheClientWas) {
  run(1);
  end();  // 4 events
  auto whole = stream();
  const Reply all = read_reply(whole);
  EXPECT_THAT(all.body, StartsWith("retry: 2000\n\n"));
  EXPECT_EQ(all.header("Cache-Control"), "no-cache");
  EXPECT_EQ(all.header("X-Accel-Buffering"), "no");
  for (const auto& [query, header] : {std::pair{"?after=3", ""}, std::pair{"?last_event_id=3", ""},
                                      std::pair{"?after=1", "Last-Event-ID: 3\r\n"}}) {
    auto connection = stream(query, header);
    const Reply rest = read_reply(connection);
    EXPECT_THAT(rest.body, HasSubstr("id: 4\n"));
    EXPECT_THAT(rest.body, Not(HasSubstr("id: 3\n")));
  }
  auto done = stream("", "Last-Event-ID: 4\r\n");
  EXPECT_EQ(read_reply(done).status, 204);
  auto wrong = stream("", "Last-Event-ID: x\r\n");
  EXPECT_EQ(read_reply(wrong).status, 400);
}

TEST_F(Events, GoOnAfterAJobIsRunAgain) {
  run(0);
  end();
  server_.spool.change(1, job::Restart{});
  auto connection = stream();
  connection.read_until("requeued");
  run(0);
  end();
  EXPECT_THAT(connection.read_until("0\r\n\r\n"), HasSubstr("event: completed"));
}

TEST_F(Events, EndWhenTheJobIsRemoved) {
  auto connection = stream();
  connection.read_until("created");
  server_.spool.discard(1);
  EXPECT_THAT(connection.read_until("0\r\n\r\n"), EndsWith("0\r\n\r\n"));
  auto waiting = std::async(std::launch::async, [&] { return get("?wait=30"); });
  EXPECT_EQ(waiting.get().status, 404);
}

TEST_F(Events, BreakOffWhereTheyCannotBeRead) {
  server_.spool.refuse_events = Error{Code::internal, "The disk fails."};
  auto connection = stream();
  EXPECT_THAT(connection.read_all(), Not(EndsWith("0\r\n\r\n")));
}

TEST_F(Events, AreAStreamToWhoAcceptsOne) {
  run(0);
  end();
  const std::pair<std::string, std::string> cases[] = {
      {"Accept: application/json\r\nAccept: text/event-stream\r\n", "text/event-stream"},
      {"Accept: application/json, Text/Event-Stream;q=0.5\r\n", "text/event-stream"},
      {"Accept: application/json, text/event-stream;q=0\r\n", "application/json"},
      {"Accept: */*\r\n", "application/json"}};
  for (const auto& [accept, type] : cases)
    EXPECT_EQ(server_.call("GET", "/api/jobs/1/events", "", accept).header("Content-Type"), type)
        << accept;
}

TEST_F(Events, AreManyAndNoneIsMissed) {
  auto connection = stream();
  run(3000);
  end();
  const Reply reply = read_reply(connection);
  std::size_t at = 0;
  for (int seq = 1; seq <= 3003; ++seq) {
    const std::string id = "id: " + std::to_string(seq) + "\n";
    at = reply.body.find(id, at);
    ASSERT_NE(at, std::string::npos) << seq;
  }
}

TEST_F(Events, AreNotLookedForAgainAndAgainWhereTheyAreLost) {
  server_.spool.damage(1);
  EXPECT_THAT(numbers(get("?wait=0.1")), testing::ElementsAre());
  auto connection = stream();
  connection.read_until("retry: 2000\n\n");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(server_.spool.event_reads_begun, 10);
  run(0);
  end();
  server_.spool.damage(1);
  EXPECT_THAT(numbers(get("?after=3&wait=60")), testing::ElementsAre());
  connection.read_until("0\r\n\r\n");
}

TEST_F(Events, EndWithTheServer) {
  auto connection = stream();
  connection.read_until("created");
  EXPECT_EQ(server_.stop().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_THAT(connection.read_all(), EndsWith("0\r\n\r\n"));
}

TEST_F(Events, ComeToOldClientsWithoutChunks) {
  run(0);
  end();
  TestConnection connection(server_.path);
  connection.send("GET /api/jobs/1/events HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
  const std::string text = connection.read_all();
  EXPECT_THAT(text, Not(HasSubstr("chunked")));
  EXPECT_THAT(text, EndsWith("}\n\n"));
}

class QuietEvents : public Events {
 protected:
  static Settings settings() {
    Settings settings = TestServer::fast();
    settings.timeouts.sse_keepalive = milliseconds(50);
    return settings;
  }
  QuietEvents() : Events(settings()) {}
};

TEST_F(QuietEvents, AreKeptAlive) {
  auto connection = stream();
  connection.read_until("created");
  connection.read_until(": ping\n\n");
  EXPECT_THAT(connection.read_until(": ping\n\n"), EndsWith(": ping\n\n"));
}

}  // namespace
}  // namespace llmspool::http
