// SPDX-License-Identifier: MIT
// Many jobs in one request, a line each.
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGood = "{\"prompt\":\"a\"}\n";

std::string good(int lines) {
  std::string result;
  for (int i = 0; i < lines; ++i) result += kGood;
  return result;
}

// With so many errors, other ones for each number, that some hundred of its like are too many.
std::string very_bad(int number) {
  std::string fields;
  for (int i = 0; i < 20; ++i) {
    fields += ",\"x" + std::to_string(number) + "-" + std::to_string(i) + "\":0";
  }
  return "{\"prompt\":\"a\"" + fields + "}\n";
}

class Bulk : public testing::Test {
 protected:
  Reply post(const std::string& lines, const std::string& query = "",
             const std::string& headers = "") {
    return server_.call("POST", "/api/jobs/bulk" + query, lines,
                        "Content-Type: application/x-ndjson\r\n" + headers);
  }

  TestServer server_;
};

std::string job_of(const boost::json::object& line) {
  return std::string(line.at("job_id").as_string());
}
std::int64_t error_status(const boost::json::object& line) {
  return line.at("error").at("status").as_int64();
}

TEST_F(Bulk, TakesAJobFromEachLineThatIsNotBlank) {
  const Reply reply = post("{\"prompt\":\"a\"}\n\n \t\r\n{\"prompt\":\"b\"}");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(reply.body, "{\"line\":1,\"job_id\":\"1\"}\n{\"line\":4,\"job_id\":\"2\"}\n");
  EXPECT_EQ(server_.spool.submissions.at(1).request.messages.at(0).content, "b");
}

TEST_F(Bulk, OfNothingGivesNothing) {
  const Reply reply = post("");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "");
}

TEST_F(Bulk, RefusesABrokenLineAlone) {
  const auto lines =
      post("{\"prompt\":\"a\"}\n{\"prompt\n{\"prompt\":1}\n[]\n{\"prompt\":\"b\"}\n").lines();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(job_of(lines[0]), "1");
  for (const std::size_t wrong : {1U, 2U, 3U}) {
    EXPECT_EQ(lines[wrong].at("line").as_int64(), static_cast<std::int64_t>(wrong) + 1);
    EXPECT_EQ(error_status(lines[wrong]), 400);
  }
  EXPECT_EQ(lines[2].at("error").at("errors").at(0).at("field").as_string(), "prompt");
  EXPECT_EQ(job_of(lines[4]), "2");
}

TEST_F(Bulk, PassesOnWhatTheSpoolSaysOfALine) {
  server_.spool.refuse_submits = Error{Code::queue_full, "Too many jobs wait."};
  const auto lines = post(good(2)).lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(error_status(lines[1]), 429);
}

TEST_F(Bulk, PassesOnWhatTheSpoolSaysOfAllLines) {
  server_.spool.refuse_chunks = Error{Code::no_space, "The disk is full."};
  const auto lines = post("x\n" + good(2)).lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(error_status(lines[0]), 400);
  EXPECT_EQ(error_status(lines[1]), 507);
  EXPECT_EQ(error_status(lines[2]), 507);
}

TEST_F(Bulk, TakesALineUpToTheLimitOfABody) {
  const std::size_t most = TestServer::fast().body_bytes_max;
  const std::string job = "{\"prompt\":\"a\"}";
  const auto line_of = [&](std::size_t bytes) {
    return job + std::string(bytes - job.size(), ' ') + "\n";
  };
  const auto lines = post(line_of(most) + line_of(most + 1) + good(1)).lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(job_of(lines[0]), "1");
  EXPECT_EQ(error_status(lines[1]), 413);
  EXPECT_THAT(std::string(lines[1].at("error").at("detail").as_string()),
              HasSubstr("server.body_bytes_max"));
  EXPECT_EQ(job_of(lines[2]), "2");
}

TEST_F(Bulk, StoresAThousandLinesAtOnce) {
  EXPECT_EQ(post(good(1000)).lines().size(), 1000U);
  EXPECT_EQ(server_.spool.chunks, 1);
  const auto lines = post(good(1001)).lines();
  EXPECT_EQ(server_.spool.chunks, 3);
  ASSERT_EQ(lines.size(), 1001U);
  EXPECT_EQ(job_of(lines.back()), "2001");
}

TEST_F(Bulk, KeepsTheWholeThousandsOfAnUploadThatBreaksOff) {
  TestConnection connection(server_.path);
  connection.send(
      "POST /api/jobs/bulk HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n" +
      good(1001));
  connection.socket().shutdown(asio::socket_base::shutdown_send);
  EXPECT_EQ(connection.read_all(), "");
  EXPECT_TRUE(server_.spool.get({"", true}, 1000));
  EXPECT_FALSE(server_.spool.get({"", true}, 1001));
}

TEST_F(Bulk, LooksAtNoMoreLinesAfterTooManyErrors) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += very_bad(i);
  // The second thousand is looked at while that of the first is counted.
  const Reply reply = post(body + good(1001));
  EXPECT_EQ(server_.spool.chunks, 2);
  EXPECT_THAT(reply.body, HasSubstr("{\"line\":2000,\"job_id\":\"1000\"}\n"));
  const auto last = reply.body.find("{\"line\":2001,");
  ASSERT_NE(last, std::string::npos);
  EXPECT_THAT(reply.body.substr(last, reply.body.find('\n', last) - last),
              HasSubstr("Too many lines before this one were refused"));
}

TEST_F(Bulk, AnswersInOrderThoughThereAreTooManyErrors) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += very_bad(i);
  const auto lines = post(body + good(1001)).lines();
  ASSERT_EQ(lines.size(), 2001U);
  std::int64_t number = 0;
  for (const boost::json::object& line : lines) {
    ASSERT_EQ(line.at("line").as_int64(), ++number);
  }
}

TEST_F(Bulk, GivesTheJobsOfARepeatedUploadAgain) {
  const std::string key = "Idempotency-Key: k1\r\n";
  const Reply first = post("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n", "", key);
  const auto again = post("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n", "", key).lines();
  EXPECT_EQ(job_of(again.at(1)), job_of(first.lines().at(1)));
  EXPECT_TRUE(again.at(1).at("replayed").as_bool());
  const auto changed = post("{\"prompt\":\"a\"}\n{\"prompt\":\"c\"}\n", "", key).lines();
  EXPECT_EQ(job_of(changed.at(0)), "1");
  EXPECT_EQ(error_status(changed.at(1)), 422);
  EXPECT_EQ(post(good(1), "", "Idempotency-Key: \"\r\n").status, 400);
}

TEST_F(Bulk, GivesNoJobOfAnotherGroupForAKey) {
  const std::string key = "Idempotency-Key: k1\r\n";
  post(good(1), "?group=spring", key);
  EXPECT_EQ(error_status(post(good(1), "?group=autumn", key).lines().at(0)), 422);
}

TEST_F(Bulk, NamesTheGroupOfTheJobsThatNameNone) {
  post("{\"prompt\":\"a\"}\n{\"prompt\":\"b\",\"group\":\"own\"}\n", "?group=spring");
  EXPECT_EQ(server_.spool.submissions.at(0).job.group, "spring");
  EXPECT_EQ(server_.spool.submissions.at(1).job.group, "own");
}

TEST_F(Bulk, TakesAGroupUpToTheLimitOfNames) {
  const std::string longest(limits::kNameBytesMax, 'g');
  EXPECT_EQ(post(good(1), "?group=" + longest).status, 200);
  for (const std::string& query :
       {"?group=" + longest + "g", std::string("?group="), std::string("?grup=a")}) {
    EXPECT_EQ(post(good(1), query).status, 400) << query;
  }
  EXPECT_EQ(server_.spool.submissions.size(), 1U);
}

TEST(BulkRoom, EndsAnUploadThatKeepsMoreThanThereIsRoomForAndIsGivenBack) {
  auto settings = TestServer::fast();
  settings.bodies_bytes_max = settings.body_bytes_max;
  TestServer server(std::move(settings));
  const std::string line = R"({"prompt":")" + std::string(std::size_t{150} * 1024, 'x') + "\"}\n";
  const auto post = [&](const std::string& lines) {
    return server.call("POST", "/api/jobs/bulk", lines, "Content-Type: application/x-ndjson\r\n")
        .lines();
  };
  const auto refused = post(line + line + "{}\n");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(error_status(refused[0]), 503);
  EXPECT_EQ(post(line + "{}\n").size(), 2U);
}

TEST_F(Bulk, IsNdjsonOnly) {
  EXPECT_EQ(server_.call("POST", "/api/jobs/bulk", "{\"prompt\":\"a\"}").status, 415);
  EXPECT_EQ(
      server_
          .call("POST", "/api/jobs", "{\"prompt\":\"a\"}", "Content-Type: application/x-ndjson\r\n")
          .status,
      415);
}

}  // namespace
}  // namespace llmspool::http
