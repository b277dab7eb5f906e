// SPDX-License-Identifier: MIT
// The limits of what a client sends: each of them is allowed, one more is refused by name.
#include <unistd.h>

#include <sstream>

#include "base/limits.hpp"
#include "http/api/fields.hpp"
#include "http/api/idempotency.hpp"
#include "http/api/submit_body.hpp"
#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using testing::HasSubstr;

Result<spool::Submission> from_json(std::string_view text) {
  LLMSPOOL_TRY(body, submission_body(text));
  return submission_from_json(body);
}

// Pieces of JSON, as large as they are asked for.
std::string text(std::size_t bytes) {
  return "\"" + std::string(bytes, 'x') + "\"";
}
std::string list(std::size_t items, const std::string& item) {
  std::string result;
  for (std::size_t i = 0; i < items; ++i) result += (i == 0 ? "" : ",") + item;
  return "[" + result + "]";
}
std::string labels(std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    result += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"\"";
  }
  return "{" + result + "}";
}
std::string prompt_with(const std::string& field, const std::string& value) {
  return R"({"prompt":"a",")" + field + "\":" + value + "}";
}

void expect_refused(const std::string& body, const std::string& field) {
  const auto submission = from_json(body);
  ASSERT_FALSE(submission) << field;
  ASSERT_EQ(submission.error().fields.size(), 1U) << submission.error().message;
  EXPECT_EQ(submission.error().fields[0].field, field);
}

TEST(SubmitLimits, AreOnTheSizesOfFields) {
  struct Size {
    std::string field;
    std::size_t most;
    std::string (*body)(std::size_t);
  };
  const Size sizes[] = {
      {"model", limits::kLabelBytesMax,
       [](std::size_t size) { return prompt_with("model", text(size)); }},
      {"backend", limits::kNameBytesMax,
       [](std::size_t size) { return prompt_with("backend", text(size)); }},
      {"backend", limits::kBackendsMax,
       [](std::size_t size) { return prompt_with("backend", list(size, text(1))); }},
      {"backend[0]", limits::kNameBytesMax,
       [](std::size_t size) { return prompt_with("backend", list(1, text(size))); }},
      {"pipeline", limits::kNameBytesMax,
       [](std::size_t size) { return "{\"pipeline\":" + text(size) + "}"; }},
      {"group", limits::kNameBytesMax,
       [](std::size_t size) { return prompt_with("group", text(size)); }},
      {"supersede", limits::kNameBytesMax,
       [](std::size_t size) { return prompt_with("supersede", text(size)); }},
      {"messages", limits::kMessagesMax,
       [](std::size_t size) {
         return "{\"messages\":" + list(size, R"({"role":"user","content":"a"})") + "}";
       }},
      {"optimizers", limits::kBackendsMax,
       [](std::size_t size) { return prompt_with("optimizers", list(size, R"({"name":"a"})")); }},
      {"optimizers[0].name", limits::kNameBytesMax,
       [](std::size_t size) {
         return prompt_with("optimizers", "[{\"name\":" + text(size) + "}]");
       }},
      {"after", limits::kAfterMax,
       [](std::size_t size) { return prompt_with("after", list(size, "\"41\"")); }},
      {"labels", limits::kLabelsMax,
       [](std::size_t size) { return prompt_with("labels", labels(size)); }},
      {"labels.a", limits::kLabelBytesMax,
       [](std::size_t size) { return prompt_with("labels", "{\"a\":" + text(size) + "}"); }},
  };
  for (const auto& [field, most, body] : sizes) {
    EXPECT_TRUE(from_json(body(most))) << field;
    expect_refused(body(most + 1), field);
  }
}

TEST(SubmitLimits, AreOnTheNamesOfLabels) {
  const auto named = [](std::size_t size) {
    return prompt_with("labels", "{" + text(size) + ":\"\"}");
  };
  EXPECT_TRUE(from_json(named(limits::kLabelBytesMax)));
  const std::size_t more = limits::kLabelBytesMax + 1;
  expect_refused(named(more), "labels." + std::string(64, 'x') + "...");
  EXPECT_TRUE(from_json(named(1)));
  expect_refused(named(0), "labels.");
}

TEST(SubmitLimits, AreOnNumbers) {
  struct Range {
    std::string field;
    std::int64_t least, most;
  };
  const Range ranges[] = {
      {"priority", 0, 100},
      {"max_attempts", 1, limits::kAttemptsMax},
      {"delay_seconds", 0, limits::kDelayMax.count()},
      {"timeout_seconds", 1, limits::kDelayMax.count()},
      {"first_token_timeout_seconds", 1, limits::kDelayMax.count()},
      {"token_timeout_seconds", 1, limits::kDelayMax.count()},
      {"step_timeout_seconds", 1, limits::kDelayMax.count()},
  };
  for (const auto& [field, least, most] : ranges) {
    EXPECT_TRUE(from_json(prompt_with(field, std::to_string(least)))) << field;
    EXPECT_TRUE(from_json(prompt_with(field, std::to_string(most)))) << field;
    expect_refused(prompt_with(field, std::to_string(least - 1)), field);
    expect_refused(prompt_with(field, std::to_string(most + 1)), field);
  }
}

TEST(SubmitLimits, AreOnTheDepthOfTheBody) {
  const auto nested = [](int levels) {
    const auto lists = static_cast<std::size_t>(levels - 2);  // the body and params are two levels
    const std::string value = std::string(lists, '[') + std::string(lists, ']');
    return from_json(prompt_with("params", "{\"a\":" + value + "}"));
  };
  EXPECT_TRUE(nested(limits::kJsonDepthMax));
  const auto deeper = nested(limits::kJsonDepthMax + 1);
  ASSERT_FALSE(deeper);
  EXPECT_THAT(deeper.error().message, HasSubstr("nested deeper than 32 levels"));
}

TEST(SubmitLimits, AreOnTheIdempotencyKey) {
  const auto key = [](const std::string& value) {
    Headers headers;
    headers.add("Idempotency-Key", value);
    return idempotency_key(headers);
  };
  EXPECT_TRUE(key("k"));
  const std::string longest(limits::kIdempotencyKeyBytesMax, 'k');
  EXPECT_EQ(*key(longest), longest);
  EXPECT_EQ(*key("\"" + longest + "\""), longest);  // the quotes do not count
  EXPECT_FALSE(key(longest + "k"));
  EXPECT_FALSE(key("\"" + longest + "k\""));
}

class Limits : public testing::Test {
 protected:
  Limits() { server_.spool.add(caller_of(geteuid(), "").value().owner); }
  Reply get(const std::string& target, const std::string& headers = "") {
    return server_.call("GET", target, "", headers);
  }
  Reply submit(const std::string& query, const std::string& headers = "") {
    return server_.call("POST", "/api/jobs" + query, R"({"prompt":"a"})", headers);
  }

  TestServer server_;
};

TEST_F(Limits, AreOnTheLengthsOfLists) {
  const std::pair<std::string, int> cases[] = {{"/api/jobs?limit=", 1},
                                               {"/api/jobs/1/events?limit=", 1},
                                               {"/api/groups?limit=", 1},
                                               {"/api/queue?jobs=", 0}};
  for (const auto& [target, least] : cases) {
    EXPECT_EQ(get(target + std::to_string(least)).status, 200) << target;
    EXPECT_EQ(get(target + "500").status, 200) << target;
    EXPECT_EQ(get(target + std::to_string(least - 1)).status, 400) << target;
    EXPECT_EQ(get(target + "501").status, 400) << target;
  }
}

TEST_F(Limits, AreNumbersAndNothingMore) {
  EXPECT_EQ(get("/api/jobs?limit=5x").status, 400);
  EXPECT_EQ(get("/api/jobs/1?wait=0x").status, 400);
}

TEST_F(Limits, AreOnTheWaitForAnEvent) {
  server_.spool.change(1, job::Start{"echo"});
  server_.spool.change(1, job::Complete{"text"});  // nothing more will come
  const std::pair<std::string, int> cases[] = {
      {"0", 200}, {"300", 200}, {"300.001", 400}, {"301", 400}, {"-0.001", 400}};
  for (const auto& [seconds, expected] : cases) {
    EXPECT_EQ(get("/api/jobs/1/events?after=3&wait=" + seconds).status, expected) << seconds;
  }
}

TEST_F(Limits, AreOnTheWaitForTheEndOfAJob) {
  EXPECT_EQ(submit("?wait=0", "Idempotency-Key: a\r\n").status, 201);
  server_.spool.change(2, job::Start{"echo"});
  server_.spool.change(2, job::Complete{"text"});
  EXPECT_EQ(submit("?wait=300", "Idempotency-Key: a\r\n").status, 200);
  EXPECT_EQ(submit("?wait=301", "Idempotency-Key: a\r\n").status, 400);
}

TEST_F(Limits, AreOnTheRequestId) {
  const std::string longest(64, 'a');
  EXPECT_EQ(get("/healthz", "X-Request-Id: " + longest + "\r\n").header("X-Request-Id"), longest);
  const Reply longer = get("/healthz", "X-Request-Id: " + longest + "a\r\n");
  EXPECT_EQ(longer.status, 200);
  EXPECT_EQ(longer.header("X-Request-Id").size(), 16U);  // one of the server's own
}

TEST_F(Limits, AreOnTheHeader) {
  const std::string begin = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", end = "\r\n\r\n";
  const auto with_field_of = [&](std::size_t bytes) {
    TestConnection connection(server_.path);
    connection.send(begin + "X: " + std::string(bytes - 3 - end.size(), 'x') + end);
    return read_reply(connection).status;
  };
  EXPECT_EQ(with_field_of(limits::kHeaderBytesMax - begin.size()), 200);
  EXPECT_EQ(with_field_of(limits::kHeaderBytesMax - begin.size() + 1), 431);
}

TEST_F(Limits, AreOnTheHeaderInWhateverPiecesItComes) {
  const std::string end = "\r\n\r\n";
  const auto in_pieces_of = [&](std::size_t piece, std::size_t bytes) {
    std::string header = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ";
    while (header.size() + 1024 < bytes)
      header += std::string(1000 - header.size() % 1000, 'x') + "\r\nX: ";
    header += std::string(bytes - header.size() - end.size(), 'x') + end;
    TestConnection connection(server_.path);
    for (std::size_t at = 0; at < header.size(); at += piece)
      if (!connection.try_send(header.substr(at, piece))) break;
    return read_reply(connection).status;
  };
  for (const std::size_t piece : {1UL, 1024UL, limits::kHeaderBytesMax - 1}) {
    EXPECT_EQ(in_pieces_of(piece, limits::kHeaderBytesMax), 200) << piece;
    EXPECT_EQ(in_pieces_of(piece, limits::kHeaderBytesMax + 1), 431) << piece;
  }
}

TEST_F(Limits, AreOnTheBody) {
  const std::string job = R"({"prompt":"x"})";
  const auto of = [&](std::size_t bytes) { return job + std::string(bytes - job.size(), ' '); };
  const auto chunked = [&](std::size_t bytes) {
    std::ostringstream size;
    size << std::hex << bytes;
    TestConnection connection(server_.path);
    connection.send(
        "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    (void)connection.try_send(size.str() + "\r\n" + of(bytes) + "\r\n0\r\n\r\n");
    return read_reply(connection).status;
  };
  const std::size_t most = TestServer::fast().body_bytes_max;
  EXPECT_EQ(server_.call("POST", "/api/jobs", of(most)).status, 201);
  EXPECT_EQ(server_.call("POST", "/api/jobs", of(most + 1)).status, 413);
  EXPECT_EQ(chunked(most), 201);
  EXPECT_EQ(chunked(most + 1), 413);
}

TEST_F(Limits, AreOnAChangeAsOnASubmit) {
  const auto status = [&](const std::string& field, const std::string& value) {
    return server_.call("PATCH", "/api/jobs/1", "{\"" + field + "\":" + value + "}").status;
  };
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"priority", "100", "101"},
      {"labels", labels(limits::kLabelsMax), labels(limits::kLabelsMax + 1)},
      {"model", text(limits::kLabelBytesMax), text(limits::kLabelBytesMax + 1)},
  };
  for (const auto& [field, at, past] : cases) {
    EXPECT_EQ(status(field, at), 200) << field;
    EXPECT_EQ(status(field, past), 400) << field;
  }
}

TEST_F(Limits, AreThoseOfTheDescription) {
  const boost::json::value document = boost::json::parse(get("/api/openapi.json").body);
  const std::string submission = "/components/schemas/Submission/properties/";
  const std::pair<std::string, std::int64_t> cases[] = {
      {"/components/schemas/Labels/maxProperties", limits::kLabelsMax},
      {"/components/schemas/Labels/additionalProperties/maxLength", limits::kLabelBytesMax},
      {submission + "messages/maxItems", limits::kMessagesMax},
      {submission + "backend/oneOf/1/maxItems", limits::kBackendsMax},
      {submission + "after/maxItems", limits::kAfterMax},
      {submission + "max_attempts/maximum", limits::kAttemptsMax},
      {submission + "max_attempts/default", job::kAttemptsUsual},
      {submission + "first_token_timeout_seconds/maximum", limits::kDelayMax.count()},
      {submission + "token_timeout_seconds/maximum", limits::kDelayMax.count()},
      {submission + "step_timeout_seconds/maximum", limits::kDelayMax.count()},
      {submission + "group/maxLength", limits::kNameBytesMax},
      {submission + "supersede/maxLength", limits::kNameBytesMax},
      {"/components/parameters/wait/schema/maximum", limits::kWaitMax.count()},
  };
  for (const auto& [pointer, limit] : cases) {
    boost::system::error_code missing;
    const boost::json::value* found = document.find_pointer(pointer, missing);
    ASSERT_TRUE(found) << pointer;
    EXPECT_EQ(found->as_int64(), limit) << pointer;
  }
}

// What docs/api.md says in numbers.
TEST(LimitsOfTheManual, AreKept) {
  EXPECT_EQ(limits::kHeaderBytesMax, 32U * 1024);
  EXPECT_EQ(limits::kConnectionsMax, 4096U);
  EXPECT_EQ(Settings().bodies_bytes_max, 256U * 1024 * 1024);
  EXPECT_EQ(limits::kWaitMax.count(), 300);
  EXPECT_EQ(limits::kListMax, 500U);
  EXPECT_EQ(limits::kIdempotencyKeyBytesMax, 255U);
  EXPECT_EQ(limits::kIdempotencyKept.count(), 24);
  EXPECT_EQ(limits::kSseKeepalive.count(), 10);
  EXPECT_EQ(limits::kPingInterval.count(), 20);
  EXPECT_EQ(limits::kWriteTimeout.count(), 30);
  EXPECT_EQ(limits::kWebSocketMessageBytesMax, 64U * 1024);
  EXPECT_EQ(store::Filter().limit, 50U);
  EXPECT_EQ(job::Job().max_attempts, 3);
}

}  // namespace
}  // namespace llmspool::http
