// SPDX-License-Identifier: MIT
// Lists of jobs: the query, the pages, the table.
#include "job_list.hpp"

#include <gmock/gmock.h>

#include "exit_code.hpp"

namespace llmspool::cli {
namespace {

using testing::HasSubstr;

TEST(ListTarget, CarriesTheFilters) {
  EXPECT_EQ(list_target({}, ""), "/api/jobs");
  ListOptions options;
  options.statuses = {"failed", "held"};
  options.labels = {"batch=a b"};
  options.owner = "alice&co";
  options.limit = 20;
  EXPECT_EQ(list_target(options, ""),
            "/api/jobs?status=failed&status=held&owner=alice%26co&label=batch%3Aa%20b&limit=20");
  options.labels = {"batch"};
  EXPECT_THROW(list_target(options, ""), Failure);
}

TEST(ReadJobs, TakesAllPagesOnlyIfAskedTo) {
  std::vector<std::string> targets;
  const auto get = [&](const std::string& target) -> json::object {
    targets.push_back(target);
    if (target.contains("cursor=c1"))
      return {{"jobs", json::array{json::object{{"job_id", "1"}}}}, {"next_cursor", nullptr}};
    return {{"jobs", json::array{json::object{{"job_id", "2"}}}}, {"next_cursor", "c1"}};
  };
  EXPECT_EQ(read_jobs({}, get).at("next_cursor"), "c1");
  EXPECT_EQ(targets.size(), 1);

  ListOptions all;
  all.all = true;
  EXPECT_EQ(json::value(read_jobs(all, get)),
            json::parse(R"({"jobs": [{"job_id": "2"}, {"job_id": "1"}], "next_cursor": null})"));
  EXPECT_THAT(targets, testing::ElementsAre("/api/jobs", "/api/jobs?limit=500",
                                            "/api/jobs?limit=500&cursor=c1"));
}

const auto kJob = json::parse(R"({
  "job_id": "42", "status": "failed", "progress": 40, "message": "Failed", "pipeline": null,
  "backend": "echo", "priority": 50, "created_at": "2026-11-24T10:12:13.123Z", "owner": "alice",
  "labels": {"batch": "spring"}, "after": ["40", "41"], "usage": {"prompt_tokens": 5},
  "output": "a\ntext", "error": "It broke.", "error_info": {"code": "x"}})");

TEST(JobTable, HasALineForEachJob) {
  const auto text = job_table(json::array{kJob}).text({});
  EXPECT_EQ(text,
            "JOB  STATUS  DONE  PRIO  BACKEND  OWNER  CREATED (UTC)        MESSAGE\n"
            "42   failed  40%   50    echo     alice  2026-11-24 10:12:13  It broke.\n");
}

TEST(JobDetails, ShowWhatHasAValue) {
  const auto text = job_details(kJob.as_object());
  EXPECT_THAT(text, HasSubstr("labels          batch=spring\n"));
  EXPECT_THAT(text, HasSubstr("after           40, 41\n"));
  EXPECT_THAT(text, HasSubstr("usage           prompt_tokens=5\n"));
  EXPECT_THAT(text, testing::EndsWith("\n\na\ntext\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("pipeline")));
  EXPECT_THAT(text, testing::Not(HasSubstr("error_info")));
}

}  // namespace
}  // namespace llmspool::cli
