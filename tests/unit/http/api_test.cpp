// SPDX-License-Identifier: MIT
// The routes of the API over the fake spool.
#include <unistd.h>

#include "http/identity.hpp"
#include "http/router.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class Api : public testing::Test {
 protected:
  job::JobId add() { return server_.spool.add(me_); }
  Reply get(const std::string& target) { return server_.call("GET", target); }
  Reply post(const std::string& target, const std::string& body = "",
             const std::string& headers = "") {
    return server_.call("POST", target, body, headers);
  }

  const std::string me_ = caller_of(geteuid(), "")->owner;
  TestServer server_;
};

TEST_F(Api, SubmitsAndReadsAJob) {
  const Reply made = post("/api/jobs", R"({"prompt":"Hello","priority":70})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.header("Location"), "/api/jobs/1");
  EXPECT_EQ(made.header("Content-Type"), "application/json");
  EXPECT_EQ(made.json().at("job_id").as_string(), "1");
  EXPECT_EQ(made.json().at("status").as_string(), "pending");
  EXPECT_EQ(get("/api/jobs/1").json(), made.json());
}

TEST_F(Api, SubmitsALongPrompt) {
  const std::string text(200 * 1024, 'x');
  EXPECT_EQ(post("/api/jobs", R"({"prompt":")" + text + "\"}").status, 201);
  EXPECT_EQ(server_.spool.submissions.at(0).request.messages.at(0).content, text);
  const Reply wrong = post("/api/jobs", R"({"promt":")" + text + "\"}");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("promt"));
}

TEST_F(Api, TellsWhatIsWrongWithASubmit) {
  const Reply reply = post("/api/jobs", R"({"prompt":"a","priority":"high"})");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(reply.json().at("type").as_string(), "urn:llmspool:problem:invalid");
  EXPECT_EQ(reply.json().at("errors").at(0).at("field").as_string(), "priority");
  EXPECT_EQ(post("/api/jobs").status, 400);
  EXPECT_EQ(post("/api/jobs?wait=x", R"({"prompt":"a"})").status, 400);
  EXPECT_EQ(post("/api/jobs?wat=1", R"({"prompt":"a"})").status, 400);
}

TEST_F(Api, PassesOnWhatTheSpoolSays) {
  server_.spool.refuse_submits = Error{Code::queue_full, "Too many jobs wait."};
  const Reply full = post("/api/jobs", R"({"prompt":"a"})");
  EXPECT_EQ(full.status, 429);
  EXPECT_NE(full.header("Retry-After"), "");
  server_.spool.refuse_submits = Error{Code::no_space, "The disk is full."};
  EXPECT_EQ(post("/api/jobs", R"({"prompt":"a"})").status, 507);
}

TEST_F(Api, TakesForms) {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"cv_file\"; filename=\"../../etc/passwd\"\r\n"
      "\r\n# CV\r\n--x\r\nContent-Disposition: form-data; name=\"backend_type\"\r\n\r\necho\r\n"
      "--x--\r\n";
  const Reply reply = post("/api/jobs", body, "Content-Type: multipart/form-data; boundary=x\r\n");
  EXPECT_EQ(reply.status, 201) << reply.body;
  const spool::Submission& submission = server_.spool.submissions.at(0);
  EXPECT_TRUE(submission.choose_pipeline);
  EXPECT_THAT(submission.request.inputs, ElementsAre(Pair("cv_file", "# CV")));
  EXPECT_THAT(submission.job.backends, ElementsAre("echo"));
  EXPECT_EQ(post("/api/jobs", body, "Content-Type: multipart/form-data\r\n").status, 400);
  EXPECT_EQ(post("/api/jobs", body, "Content-Type: multipart/form-data; boundary=y\r\n").status,
            400);
}

TEST_F(Api, ReplaysASubmitWithAKnownKey) {
  const std::string key = "Idempotency-Key: \"k1\"\r\n";
  EXPECT_EQ(post("/api/jobs", R"({"prompt":"a","priority":1})", key).status, 201);
  const Reply again =
      post("/api/jobs", R"({"priority":1, "prompt":"a"})", "Idempotency-Key: k1\r\n");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.header("Location"), "/api/jobs/1");
  EXPECT_EQ(post("/api/jobs", R"({"prompt":"b"})", key).status, 422);
  EXPECT_EQ(post("/api/jobs", R"({"prompt":"b"})", "Idempotency-Key: \"\r\n").status, 400);
}

TEST_F(Api, PassesOverTheRestOfAnUploadOfWhichTooMuchIsRefused) {
  std::string body;
  for (int i = 0; i < 200'000; ++i) body += "x\n\n";
  const Reply reply =
      post("/api/jobs/bulk", body + R"({"prompt":"a"})", "Content-Type: application/x-ndjson\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_LT(reply.body.size(), 10U * 1024 * 1024);
  EXPECT_EQ(server_.spool.submissions.size(), 0U);
  const std::string last = reply.body.substr(reply.body.rfind('\n', reply.body.size() - 2) + 1);
  EXPECT_THAT(last, HasSubstr("all that follow it were not looked at"));
  const auto lines = std::ranges::count(reply.body, '\n');
  EXPECT_EQ(boost::json::parse(last).at("line").as_int64(), 2 * lines - 1);
}

class Uploads : public testing::Test {
 protected:
  void SetUp() override {
    connection_.send(
        "POST /api/jobs/bulk HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
  }
  static Settings settings() {
    Settings settings = TestServer::fast();
    settings.timeouts.body = std::chrono::milliseconds(200);
    return settings;
  }
  void send(const std::string& text) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    connection_.send(size + text + "\r\n");
  }
  // Lines that are one chunk, which is on its way into the spool afterwards.
  std::string send_thousand() {
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "{\"prompt\":\"a\"}\n";
    send(lines);
    while (server_.spool.chunks == 0) std::this_thread::yield();
    return lines;
  }
  // What is said of the line from which on nothing was looked at.
  std::string end_of_answer(int line) {
    const Reply reply = read_reply(connection_);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Connection"), "close");
    const auto at = reply.body.rfind("{\"line\":" + std::to_string(line) + ",\"error\":");
    EXPECT_NE(at, std::string::npos) << reply.body;
    EXPECT_THAT(reply.body, HasSubstr("This line and all that follow it were not looked at."));
    EXPECT_EQ(std::ranges::count(reply.body, '\n'), line);
    return reply.body.substr(at);
  }

  TestServer server_{settings()};
  TestConnection connection_{server_.path};
};

TEST_F(Uploads, EndWhereTheClientSaysNothingMore) {
  send("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prom");
  EXPECT_THAT(end_of_answer(3), HasSubstr("did not come within"));
  EXPECT_EQ(server_.spool.submissions.size(), 2U);
}

TEST_F(Uploads, EndWithTheServer) {
  send_thousand();
  send("{\"prom");
  auto stopped = server_.stop();
  EXPECT_THAT(end_of_answer(1001), HasSubstr("The daemon stops."));
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST_F(Uploads, EndWithTheSpoolThoughMoreLinesCome) {
  const std::string more = send_thousand();
  server_.spool.is_ready = false;
  send(more);
  send(more);
  EXPECT_THAT(end_of_answer(1001), HasSubstr("It stops."));
}

TEST_F(Api, WaitsForNobodyWhoHasGone) {
  add();
  const std::string requests[] = {
      TestServer::request("POST", "/api/jobs?wait=60", R"({"prompt":"a"})"),
      TestServer::request("GET", "/api/jobs/1/events?after=1&wait=60")};
  for (const std::string& request : requests) {
    {
      TestConnection connection(server_.port);
      // The first goes by a reset, the other with a farewell.
      connection.socket().set_option(asio::socket_base::linger(&request == requests, 0));
      connection.send(request);
      while (!server_.spool.hub().is_awaited()) std::this_thread::yield();
    }
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (server_.spool.hub().is_awaited() && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    EXPECT_FALSE(server_.spool.hub().is_awaited()) << request;
  }
}

TEST_F(Api, WaitsForTheEndOfAJob) {
  auto reply = std::async(std::launch::async,
                          [&] { return post("/api/jobs?wait=30", R"({"prompt":"a"})"); });
  while (!server_.spool.get({"", true}, 1)) std::this_thread::yield();
  server_.spool.change(1, job::Start{"echo"});
  server_.spool.change(1, job::Complete{"text"});
  const Reply ended = reply.get();
  EXPECT_EQ(ended.status, 201);
  EXPECT_EQ(ended.json().at("status").as_string(), "completed");
  EXPECT_EQ(ended.json().at("output").as_string(), "text");
  const Reply in_time = post("/api/jobs?wait=0.05", R"({"prompt":"b"})");
  EXPECT_EQ(in_time.json().at("status").as_string(), "pending");
}

TEST_F(Api, FindsOnlyWhatThereIs) {
  for (const auto* target : {"/api/jobs/9", "/api/jobs/abc", "/api/jobs/-1", "/api/jobs/9/files",
                             "/api/jobs/9/events", "/api/jobs/01"}) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 404) << target;
    EXPECT_EQ(reply.json().at("type").as_string(), "urn:llmspool:problem:not-found");
  }
  EXPECT_EQ(get("/api/jobs/1/files/x/y").status, 404);
  EXPECT_EQ(get("/api/jobs/").status, 404);
  EXPECT_EQ(server_.call("DELETE", "/api/jobs/9").status, 404);
}

TEST_F(Api, ListsJobsPageByPage) {
  for (int i = 0; i < 5; ++i) add();
  const Reply first = get("/api/jobs?limit=2");
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(first.json().at("jobs").as_array().size(), 2U);
  EXPECT_EQ(first.json().at("jobs").at(0).at("job_id").as_string(), "5");
  const std::string cursor(first.json().at("next_cursor").as_string());
  const Reply second = get("/api/jobs?limit=3&cursor=" + cursor);
  EXPECT_EQ(second.json().at("jobs").at(0).at("job_id").as_string(), "3");
  EXPECT_TRUE(second.json().at("next_cursor").is_null());
}

TEST_F(Api, EndsAPageEarlyThatIsLong) {
  for (job::JobId id = 1; id <= 4; ++id) {
    add();
    server_.spool.change(id, job::Start{"echo"});
    server_.spool.change(id, job::Complete{std::string(5 * 1024 * 1024, 'x')});
  }
  const auto first = get("/api/jobs").json();
  ASSERT_EQ(first.at("jobs").as_array().size(), 2U);
  EXPECT_EQ(first.at("jobs").at(0).at("job_id").as_string(), "4");
  EXPECT_EQ(first.at("jobs").at(1).at("output").as_string().size(), 5U * 1024 * 1024);
  const std::string cursor(first.at("next_cursor").as_string());
  const auto rest = get("/api/jobs?limit=2&cursor=" + cursor).json();
  ASSERT_EQ(rest.at("jobs").as_array().size(), 2U);
  EXPECT_EQ(rest.at("jobs").at(0).at("job_id").as_string(), "2");
  EXPECT_TRUE(rest.at("next_cursor").is_null());
}

TEST_F(Api, FiltersJobs) {
  EXPECT_EQ(get("/api/jobs?status=held,pending&status=failed&pipeline=p&backend=b&model=m"
                "&owner=o&group=g&label=a:b&label=c:d:e")
                .status,
            200);
  const store::Filter& filter = server_.spool.last_filter;
  EXPECT_THAT(filter.statuses,
              ElementsAre(job::Status::held, job::Status::pending, job::Status::failed));
  EXPECT_EQ(filter.pipeline, "p");
  EXPECT_EQ(filter.backend, "b");
  EXPECT_EQ(filter.model, "m");
  EXPECT_EQ(filter.owner, "o");
  EXPECT_EQ(filter.group, "g");
  EXPECT_THAT(filter.labels, ElementsAre(Pair("a", "b"), Pair("c", "d:e")));
  for (const auto* query :
       {"status=done", "status=", "label=a", "label=:b", "limit=0", "limit=501", "limit=x",
        "cursor=7", "cursor=", "colour=red", "pipeline=a&pipeline=b"}) {
    const Reply reply = get(std::string("/api/jobs?") + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_THAT(reply.body, HasSubstr("The parameter '")) << query;
  }
}

TEST_F(Api, FiltersByAsManyLabelsAsAJobCanHave) {
  std::string query = "/api/jobs?label=a:b";
  for (std::size_t i = 1; i < limits::kLabelsMax; ++i) query += "&label=a:b";
  EXPECT_EQ(get(query).status, 200);
  EXPECT_EQ(get(query + "&label=a:b").status, 400);
}

TEST_F(Api, ChangesAJobThatWaits) {
  add();
  const auto patch = [&](const std::string& body) {
    return server_.call("PATCH", "/api/jobs/1", body);
  };
  const Reply reply =
      patch(R"({"priority":90,"labels":{"a":"b"},"not_before":"2030-01-01T00:00:00Z"})");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json().at("priority").as_int64(), 90);
  EXPECT_FALSE(reply.json().at("not_before").is_null());
  EXPECT_TRUE(patch(R"({"not_before":null})").json().at("not_before").is_null());
  for (const auto* body : {"{}", R"({"status":"held"})", R"({"priority":"x"})", "x",
                           R"({"labels":{"a":1}})", R"({"not_before":"soon"})"}) {
    EXPECT_EQ(patch(body).status, 400) << body;
  }
}

TEST_F(Api, CommandsAJob) {
  add();
  EXPECT_EQ(post("/api/jobs/1/hold").json().at("status").as_string(), "held");
  EXPECT_EQ(post("/api/jobs/1/release", "{}").json().at("status").as_string(), "pending");
  EXPECT_EQ(post("/api/jobs/1/cancel").json().at("status").as_string(), "cancelled");
  const Reply refused = post("/api/jobs/1/hold");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.json().at("instance").as_string(), "/api/jobs/1");
  EXPECT_EQ(post("/api/jobs/1/retry").json().at("status").as_string(), "pending");
  EXPECT_EQ(post("/api/jobs/1/cancel", R"({"now":true})").status, 400);
  EXPECT_EQ(server_.call("DELETE", "/api/jobs/1", R"({"now":true})").status, 400);
  EXPECT_EQ(server_.call("DELETE", "/api/jobs/1?now=1").status, 400);
  EXPECT_EQ(server_.call("DELETE", "/api/jobs/1").status, 204);
  EXPECT_EQ(get("/api/jobs/1").status, 404);
}

TEST_F(Api, GivesFiles) {
  add();
  server_.spool.change(1, job::Start{"echo"});
  job::FinishStep step;
  step.files = {{"cv.md", "cv", "text/markdown", "# Ünï"},
                {"r.json", "ats_report", "application/json", "{}"},
                {"na\"ïve.bin", "other", "application/octet-stream", std::string("\0\1", 2)}};
  server_.spool.change(1, step);
  const Reply list = get("/api/jobs/1/files");
  EXPECT_EQ(list.json().at("job_id").as_string(), "1");
  EXPECT_EQ(boost::json::serialize(list.json().at("files").at(0)),
            R"({"filename":"cv.md","size":7,"type":"cv","media_type":"text/markdown"})");
  const Reply file = get("/api/jobs/1/files/cv.md");
  EXPECT_EQ(file.body, "# Ünï");
  EXPECT_EQ(file.header("Content-Type"), "text/markdown; charset=utf-8");
  EXPECT_EQ(file.header("Content-Disposition"), "attachment; filename=\"cv.md\"");
  const Reply binary = get("/api/jobs/1/files/na%22%C3%AFve.bin");
  EXPECT_EQ(binary.body, std::string("\0\1", 2));
  EXPECT_EQ(binary.header("Content-Disposition"),
            "attachment; filename=\"na___ve.bin\"; filename*=UTF-8''na%22%C3%AFve.bin");
  EXPECT_EQ(get("/api/jobs/1/files/cv.md/content").json().at("type").as_string(), "markdown");
  EXPECT_EQ(get("/api/jobs/1/files/r.json/content").json().at("type").as_string(), "json");
  EXPECT_EQ(get("/api/jobs/1/files/na%22%C3%AFve.bin/content").status, 415);
  EXPECT_EQ(get("/api/jobs/1/files/..%2F..%2Fetc%2Fpasswd").status, 404);
}

TEST_F(Api, LetsNoBrowserRunOrKeepAFile) {
  add();
  server_.spool.change(1, job::Start{"echo"});
  job::FinishStep step;
  step.files = {{"cv.html", "cv", "text/html", "<script>alert()</script>"}};
  server_.spool.change(1, step);
  const Reply file = get("/api/jobs/1/files/cv.html");
  EXPECT_EQ(file.header("Content-Security-Policy"), "default-src 'none'; sandbox");
  EXPECT_EQ(file.header("Cache-Control"), "no-store");
}

TEST_F(Api, GivesTheResultsOfAGroupInPieces) {
  for (job::JobId id = 1; id <= 4; ++id) {
    server_.spool.add(me_, "spring");
    server_.spool.change(id, job::Start{"echo"});
    server_.spool.change(id, job::Complete{std::string(1024 * 1024, 'x')});
  }
  server_.spool.all_groups.push_back({.name = "spring", .owner = me_});
  TestConnection connection(server_.path);
  connection.send(TestServer::request("GET", "/api/groups/spring/results"));
  connection.read_until("\r\n\r\n");
  for (int i = 1; i <= 4; ++i) {
    const auto size = std::stoul(connection.read_until("\r\n"), nullptr, 16);
    EXPECT_LT(size, 2U * 1024 * 1024);
    EXPECT_THAT(connection.read_bytes(size + 2), HasSubstr('"' + std::to_string(i) + '"'));
  }
  EXPECT_EQ(connection.read_until("\r\n"), "0\r\n");
}

TEST_F(Api, TellsHowItIs) {
  const auto health = get("/api/health").json();
  EXPECT_EQ(health.at("status").as_string(), "ok");
  EXPECT_EQ(health.at("version").as_string(), "1.2.3");
  EXPECT_EQ(health.at("jobs").at("pending").as_int64(), 2);
  EXPECT_EQ(get("/readyz").status, 200);
  server_.spool.is_ready = false;
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/api/health").json().at("status").as_string(), "not_ready");
  EXPECT_EQ(get("/api/health").json().at("reason").as_string(), "It is starting.");
  for (const auto* name : {"backends", "optimizers", "pipelines", "plugins"}) {
    EXPECT_TRUE(get(std::string("/api/") + name).json().at(name).is_array());
  }
}

TEST_F(Api, TellsTheLengthOfABackup) {
  TestConnection old(server_.path), connection(server_.path);
  old.send("GET /api/admin/backup HTTP/1.0\r\n\r\n");
  EXPECT_EQ(read_reply(old).header("Content-Length"), "9");
  connection.send(TestServer::request("GET", "/api/admin/backup"));
  const Reply reply = read_reply(connection);
  EXPECT_EQ(reply.header("Content-Length"), "9");
  EXPECT_EQ(reply.header("Transfer-Encoding"), "");
  EXPECT_EQ(reply.body, "all of it");
}

TEST_F(Api, IsDescribedWhole) {
  const auto document = get("/api/openapi.json").json();
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  std::set<std::string> described, served;
  for (const auto& [path, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      std::string text(method);
      for (char& c : text) c = static_cast<char>(std::toupper(c));
      described.insert(text + " " + std::string(path));
    }
  }
  for (const Route& route : server_.server->router().routes()) {
    served.insert(route.method + " " + route.pattern);
  }
  EXPECT_EQ(described, served);
}

TEST_F(Api, IsDescribedWithoutLooseEnds) {
  const auto document = get("/api/openapi.json").json();
  const std::string text = boost::json::serialize(document);
  const std::string mark = "\"$ref\":\"#";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    const std::string pointer = text.substr(begin, text.find('"', begin) - begin);
    boost::system::error_code missing;
    boost::json::value(document).find_pointer(pointer, missing);
    EXPECT_FALSE(missing) << pointer;
  }
}

}  // namespace
}  // namespace llmspool::http
