// SPDX-License-Identifier: MIT
// The queue as a whole, its switches, and the backup.
#include <unistd.h>

#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

class Queue : public testing::Test {
 protected:
  void add() { server_.spool.add(caller_of(geteuid(), "").value().owner); }
  Reply get(const std::string& target, const std::string& headers = "") {
    return server_.call("GET", target, "", headers);
  }
  Reply turn(const std::string& word, const std::string& body = "") {
    return server_.call("POST", "/api/queue/" + word, body);
  }

  const spool::Caller bob_{"bob", false};
  TestServer server_;
};

TEST_F(Queue, IsShownEmpty) {
  EXPECT_EQ(get("/api/queue").body,
            R"({"paused":false,"accepting":true,"reason":null,"running":0,"waiting":0,"held":0,)"
            R"("backends":[],"jobs":[]})");
}

TEST_F(Queue, IsShownWithItsJobs) {
  server_.spool.state.reason = "The disk is full.";
  server_.spool.state.jobs = {.held = 1, .pending = 2, .processing = 3};
  const auto queue = get("/api/queue").json();
  EXPECT_EQ(queue.at("reason").as_string(), "The disk is full.");
  EXPECT_EQ(queue.at("held").as_int64(), 1);
  EXPECT_EQ(queue.at("waiting").as_int64(), 2);
  EXPECT_EQ(queue.at("running").as_int64(), 3);
}

TEST_F(Queue, IsShownWithItsBackends) {
  server_.spool.state.backends.push_back({.id = "echo",
                                          .paused = true,
                                          .accepting = false,
                                          .running = 1,
                                          .concurrency = 4,
                                          .waiting = 5,
                                          .circuit = spool::Circuit::State::open,
                                          .circuit_until = Time(Milliseconds(2000)),
                                          .stopped_reason = "It wants a person.",
                                          .mean_seconds = 1.5});
  const boost::json::value expected = boost::json::parse(R"({
    "id": "echo", "paused": true, "accepting": false, "running": 1, "concurrency": 4, "waiting": 5,
    "circuit": "open", "circuit_until": "1970-01-01T00:00:02.000Z", "resting_until": null,
    "reason": "It wants a person.", "mean_seconds": 1.5})");
  EXPECT_EQ(get("/api/queue").json().at("backends").at(0), expected);
}

TEST_F(Queue, IsShownWithItsNextJobsWhereAskedFor) {
  for (int i = 0; i < 3; ++i) add();
  EXPECT_EQ(get("/api/queue?jobs=2").json().at("jobs").as_array().size(), 2U);
  EXPECT_EQ(get("/api/queue").json().at("jobs").as_array().size(), 0U);
}

TEST_F(Queue, GivesAJobItsPlace) {
  server_.spool.expected = job::Outlook{.queue_position = 3, .eta_seconds = 40};
  add();
  const auto job = get("/api/queue?jobs=1").json().at("jobs").at(0);
  EXPECT_EQ(job.at("queue_position").as_int64(), 3);
  EXPECT_EQ(job.at("eta_seconds").as_int64(), 40);
  EXPECT_EQ(get("/api/jobs/1").json().at("queue_position").as_int64(), 3);
}

TEST_F(Queue, HasStatistics) {
  server_.spool.state.jobs = {.pending = 2};
  server_.spool.state.backends.push_back({.id = "echo", .waiting = 2});
  EXPECT_EQ(get("/api/stats").body,
            R"({"jobs":{"held":0,"pending":2,"processing":0,"completed":0,"failed":0,)"
            R"("cancelled":0},"backends":{"echo":{"running":0,"waiting":2,"mean_seconds":null}}})");
}

TEST_F(Queue, IsSwitched) {
  const std::tuple<std::string, std::string, bool> cases[] = {{"pause", "paused", true},
                                                              {"resume", "paused", false},
                                                              {"reject", "accepting", false},
                                                              {"accept", "accepting", true}};
  for (const auto& [word, field, expected] : cases) {
    const Reply reply = turn(word, "{}");
    EXPECT_EQ(reply.status, 200) << word;
    EXPECT_EQ(reply.json().at(field).as_bool(), expected) << word;
  }
}

TEST_F(Queue, IsNotSwitchedByWordsThatAreNotUnderstood) {
  EXPECT_EQ(turn("pause", R"({"backend":"echo"})").status, 400);
  EXPECT_EQ(turn("pause?queue=all").status, 400);
  EXPECT_EQ(turn("pause?backend=").status, 400);
  EXPECT_EQ(turn("pause?backend=nothing").status, 404);
  EXPECT_FALSE(server_.spool.state.paused);
}

TEST_F(Queue, IsSwitchedByAdministratorsOnly) {
  for (const std::string word : {"pause", "resume", "reject", "accept"}) {
    EXPECT_EQ(call_as(server_, bob_, "POST", "/api/queue/" + word).status, 403) << word;
  }
  EXPECT_FALSE(server_.spool.state.paused);
  EXPECT_TRUE(server_.spool.state.accepting);
}

TEST_F(Queue, IsShownToEverybody) {
  EXPECT_EQ(call_as(server_, bob_, "GET", "/api/queue").status, 200);
  EXPECT_EQ(call_as(server_, bob_, "GET", "/api/stats").status, 200);
}

class Backup : public Queue {};

TEST_F(Backup, IsGivenWhole) {
  server_.spool.backup_content = std::string(600'000, 'x') + "end";  // in several pieces
  const Reply reply = get("/api/admin/backup");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), "application/vnd.sqlite3");
  EXPECT_TRUE(reply.body == server_.spool.backup_content) << reply.body.size();
  EXPECT_EQ(get("/api/admin/backup?compress=1").status, 400);
}

TEST_F(Backup, IsForAdministratorsOnly) {
  EXPECT_EQ(call_as(server_, bob_, "GET", "/api/admin/backup").status, 403);
}

TEST_F(Backup, IsNotForPagesOfOtherSites) {
  const std::pair<std::string, int> cases[] = {
      {"same-origin", 200}, {"none", 200}, {"same-site", 403}, {"cross-site", 403}, {"", 403}};
  for (const auto& [site, status] : cases) {
    EXPECT_EQ(get("/api/admin/backup", "Sec-Fetch-Site: " + site + "\r\n").status, status) << site;
  }
}

}  // namespace
}  // namespace llmspool::http
