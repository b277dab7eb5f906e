// SPDX-License-Identifier: MIT
// Groups of jobs: their numbers, their end, their results, and whose they are.
#include <unistd.h>

#include "http/identity.hpp"
#include "test_server.hpp"

namespace llmspool::http {
namespace {

using testing::ElementsAre;

class Groups : public testing::Test {
 protected:
  Groups() {
    add("spring", me_);
    add("autumn", "bob");
  }
  void add(const std::string& name, const std::string& owner) {
    store::Group group;
    group.name = name;
    group.owner = owner;
    group.created_at = Time(Milliseconds(1000));
    group.jobs = {.pending = 1, .processing = 1, .completed = 1, .failed = 1};
    group.running_percent = 50;
    server_.spool.all_groups.push_back(group);
  }
  Reply get(const std::string& target) { return server_.call("GET", "/api/groups" + target); }
  Reply cancel(const std::string& target, const std::string& body = "") {
    return server_.call("POST", "/api/groups/" + target, body);
  }
  int status_for_bob(const std::string& method, const std::string& target) {
    return call_as(server_, {"bob", false}, method, "/api/groups" + target).status;
  }

  const std::string me_ = caller_of(geteuid(), "").value().owner;
  TestServer server_;
};

std::vector<std::string> names(const std::string& body) {
  std::vector<std::string> result;
  const boost::json::value document = boost::json::parse(body);
  for (const auto& group : document.at("groups").as_array()) {
    result.emplace_back(group.at("group").as_string());
  }
  return result;
}

TEST_F(Groups, AreShownWithHowFarTheyAre) {
  const Reply reply = get("/spring");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body,
            R"({"group":"spring","owner":")" + me_ +
                R"(","created_at":"1970-01-01T00:00:01.000Z","total":4,"progress":62,)"
                R"("jobs":{"held":0,"pending":1,"processing":1,"completed":1,"failed":1,)"
                R"("cancelled":0}})");
}

TEST_F(Groups, WithoutJobsAreAtTheirBeginning) {
  server_.spool.all_groups.front().jobs = {};
  server_.spool.all_groups.front().running_percent = 0;
  EXPECT_EQ(get("/spring").json().at("progress").as_int64(), 0);
}

TEST_F(Groups, AreListedUpToALimit) {
  EXPECT_THAT(names(get("").body), ElementsAre("spring", "autumn"));
  EXPECT_THAT(names(get("?limit=1").body), ElementsAre("spring"));
  EXPECT_THAT(names(get("?owner=bob").body), ElementsAre("autumn"));
  EXPECT_EQ(get("?name=spring").status, 400);
}

TEST_F(Groups, AreCancelled) {
  const Reply reply = cancel("spring/cancel");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json().at("jobs").at("pending").as_int64(), 0);
  EXPECT_EQ(reply.json().at("jobs").at("cancelled").as_int64(), 1);
}

TEST_F(Groups, AreCancelledWithoutFurtherWords) {
  EXPECT_EQ(cancel("spring/cancel", R"({"now":true})").status, 400);
  EXPECT_EQ(cancel("spring/cancel?now=true").status, 400);
  EXPECT_EQ(server_.spool.all_groups.front().jobs.cancelled, 0);
  EXPECT_EQ(cancel("spring/cancel", "{}").status, 200);
}

TEST_F(Groups, AreFoundOnlyWhereThereAreSuch) {
  EXPECT_EQ(get("/winter").status, 404);
  EXPECT_EQ(get("/winter/results").status, 404);
  EXPECT_EQ(cancel("winter/cancel").status, 404);
}

TEST_F(Groups, OfOthersAreShownToAdministratorsWhoNameThem) {
  EXPECT_EQ(get("/autumn").status, 404);
  EXPECT_EQ(get("/autumn?owner=bob").json().at("owner").as_string(), "bob");
  EXPECT_EQ(get("/autumn/results?owner=bob").status, 200);
  EXPECT_EQ(cancel("autumn/cancel?owner=bob").status, 200);
  EXPECT_EQ(server_.spool.all_groups.at(1).jobs.cancelled, 1);
}

TEST_F(Groups, OfOthersAreNotThereForAnybodyElse) {
  const std::string owner = "?owner=" + percent_encoded(me_);
  EXPECT_EQ(status_for_bob("GET", "/autumn"), 200);
  EXPECT_EQ(status_for_bob("GET", "/spring"), 404);
  EXPECT_EQ(status_for_bob("GET", "/spring" + owner), 404);
  EXPECT_EQ(status_for_bob("GET", "/spring/results" + owner), 404);
  EXPECT_EQ(status_for_bob("POST", "/spring/cancel" + owner), 404);
  EXPECT_EQ(server_.spool.all_groups.front().jobs.cancelled, 0);
}

TEST_F(Groups, AreListedToTheirOwners) {
  const spool::Caller bob{"bob", false};
  EXPECT_THAT(names(call_as(server_, bob, "GET", "/api/groups").body), ElementsAre("autumn"));
  const std::string others = "/api/groups?owner=" + percent_encoded(me_);
  EXPECT_THAT(names(call_as(server_, bob, "GET", others).body), ElementsAre());
}

TEST_F(Groups, GiveTheirResultsOldestFirst) {
  const int jobs = 11;  // more than are read at once
  for (int i = 0; i < jobs; ++i) {
    server_.call("POST", "/api/jobs", R"({"prompt":"a","group":"spring"})");
    server_.call("POST", "/api/jobs", R"({"prompt":"a"})");
  }
  const Reply reply = get("/spring/results");
  EXPECT_EQ(reply.header("Content-Type"), "application/x-ndjson");
  const auto lines = reply.lines();
  ASSERT_EQ(lines.size(), 11U);
  std::int64_t id = 1;
  for (const boost::json::object& line : lines) {
    EXPECT_EQ(line.at("job_id").as_string(), std::to_string(id));
    EXPECT_TRUE(line.at("files").as_array().empty());
    id += 2;
  }
}

TEST_F(Groups, GiveThePipelinesFilesThatAreText) {
  server_.call("POST", "/api/jobs", R"({"pipeline":"p","group":"spring"})");
  server_.spool.change(1, job::Start{"echo"});
  job::FinishStep step;
  step.files = {{"cv.md", "cv", "text/markdown", "# CV"},
                {"cv.bin", "other", "application/octet-stream", "x"}};
  server_.spool.change(1, step);
  const auto lines = get("/spring/results").lines();
  ASSERT_EQ(lines.size(), 1U);
  const boost::json::array& files = lines[0].at("files").as_array();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_TRUE(files[0].at("content").is_null());
  EXPECT_EQ(boost::json::serialize(files[1]),
            R"({"filename":"cv.md","type":"cv","media_type":"text/markdown","content":"# CV"})");
}

}  // namespace
}  // namespace llmspool::http
