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
  options.group = "spring";
  options.limit = 20;
  EXPECT_EQ(
      list_target(options, ""),
      "/api/"
      "jobs?status=failed&status=held&group=spring&owner=alice%26co&label=batch%3Aa%20b&limit=20");
  options.labels = {"batch"};
  EXPECT_THROW(list_target(options, ""), Failure);
}

TEST(ListTarget, TakesNoColonInALabelsName) {
  ListOptions options;
  options.labels = {"time=12:30"};
  EXPECT_EQ(list_target(options, ""), "/api/jobs?label=time%3A12%3A30");
  options.labels = {"time:12=30"};
  try {
    list_target(options, "");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_STREQ(failure.what(), "--label names 'time:12', but no label's name has a colon.");
  }
}

TEST(ReadJobs, TakesThePagesThatItNeeds) {
  std::vector<std::string> targets;
  const auto get = [&](const std::string& target) -> json::object {
    targets.push_back(target);
    if (target.contains("cursor=c1"))
      return {{"jobs", json::array{json::object{{"job_id", "1"}}}}, {"next_cursor", nullptr}};
    return {{"jobs", json::array{json::object{{"job_id", "2"}}}}, {"next_cursor", "c1"}};
  };
  ListOptions one, some, all;
  one.limit = 1;
  EXPECT_EQ(read_jobs(one, get).at("next_cursor"), "c1");
  EXPECT_EQ(read_jobs(some, get).at("jobs").as_array().size(), 2);
  EXPECT_THAT(targets, testing::ElementsAre("/api/jobs?limit=1", "/api/jobs?limit=50",
                                            "/api/jobs?limit=49&cursor=c1"));
  targets.clear();
  all.all = true;
  EXPECT_EQ(json::value(read_jobs(all, get)),
            json::parse(R"({"jobs": [{"job_id": "2"}, {"job_id": "1"}], "next_cursor": null})"));
  EXPECT_THAT(targets,
              testing::ElementsAre("/api/jobs?limit=500", "/api/jobs?limit=500&cursor=c1"));
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

TEST(JobTable, ShowsThePlaceOfAJobThatWaits) {
  const auto text = job_table(json::parse(R"([
      {"job_id": "43", "status": "pending", "progress": 0, "queue_position": 3},
      {"job_id": "42", "status": "pending", "progress": 0, "queue_position": null}])")
                                  .as_array())
                        .text({});
  EXPECT_EQ(text,
            "JOB  STATUS   DONE\n"
            "43   pending  #3\n"
            "42   pending  0%\n");
}

TEST(JobTable, TellsWhatAJobWaitsFor) {
  const auto text = job_table(json::parse(R"([
      {"job_id": "43", "status": "pending", "not_before": "2030-01-31T12:00:00.000Z"},
      {"job_id": "42", "status": "pending", "after": ["40", "41"]}])")
                                  .as_array())
                        .text({});
  EXPECT_EQ(text,
            "JOB  STATUS   DONE  MESSAGE\n"
            "43   pending  %     waits until 2030-01-31 12:00:00 UTC\n"
            "42   pending  %     waits for these to have completed: 40, 41\n");
}

TEST(JobDetails, ShowEachFailedAttempt) {
  EXPECT_EQ(job_details(json::parse(R"({"job_id": "42", "attempt": 3, "backends": ["a", "b"],
      "attempts": [
        {"attempt": 1, "backend": "a", "code": "backend_failed", "detail": "It broke.",
         "step": "answer", "retryable": true, "at": "2026-11-24T12:00:03.000Z"},
        {"attempt": 2, "backend": "b", "code": "timeout", "detail": "Too slow.",
         "step": null, "retryable": false, "at": "2026-11-24T12:01:03.000Z"}]})")
                            .as_object()),
            "job_id          42\n"
            "attempt         3\n"
            "backends        a, b\n"
            "failed attempt  1 on a at 2026-11-24 12:00:03, step answer: It broke. "
            "(backend_failed)\n"
            "failed attempt  2 on b at 2026-11-24 12:01:03: Too slow. "
            "(timeout, not to be repeated)\n");
}

TEST(JobDetails, TellALineBreakInANameFromASpaceAndJoinASentence) {
  const json::object job{{"job_id", "4"},
                         {"group", "a\nb"},
                         {"labels", {{"c\td", "e\nf"}}},
                         {"error", "It\nbroke."},
                         {"attempts", {{{"attempt", 1}, {"detail", "It\nbroke."}}}}};
  const auto text = job_details(job);
  EXPECT_THAT(text, HasSubstr("group           a\\nb\n"));
  EXPECT_THAT(text, HasSubstr("labels          c\\td=e\\nf\n"));
  EXPECT_THAT(text, HasSubstr("error           It broke.\n"));
  EXPECT_THAT(text, HasSubstr(": It broke. ("));
  EXPECT_THAT(job_table({job}).text({}), HasSubstr("It broke."));
}

TEST(JobDetails, SayThatRetentionRemovedTheText) {
  EXPECT_EQ(job_details({{"job_id", "38"}, {"output", nullptr}, {"contents_removed", true}}),
            "job_id          38\n\n"
            "The texts and files of job 38 have been removed, since it ended long ago ([retention] "
            "content_days).\n");
  EXPECT_EQ(job_details({{"job_id", "38"}, {"contents_removed", false}}), "job_id          38\n");
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
