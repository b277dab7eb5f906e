// SPDX-License-Identifier: MIT
// Groups in words.
#include "group_text.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

json::object group(const std::string& jobs) {
  return json::parse(R"({"group":"spring","owner":"alice","created_at":"2026-11-24T12:00:00.000Z",
                         "total":100,"progress":42,"eta_seconds":120,"jobs":)" +
                     jobs + '}')
      .as_object();
}

TEST(DescribeGroup, CountsWhatThereIs) {
  EXPECT_EQ(describe_group(group(R"({"held":0,"pending":50,"processing":8,"completed":40,
                                     "failed":1,"cancelled":1})")),
            "Group spring is at 42%: 8 running, 50 waiting, 40 completed, 1 failed, 1 cancelled; "
            "about 2 min 0 s.");
}

TEST(DescribeGroup, ShowsALineBreakInItsName) {
  EXPECT_EQ(describe_group({{"group", "a\nb"}, {"progress", 0}}), "Group a\\nb is at 0%: .");
}

TEST(GroupTable, LeavesOutWhatNoGroupHas) {
  EXPECT_EQ(
      group_table({group(R"({"pending":60,"completed":40})")}).text({}),
      "GROUP   OWNER  DONE  JOBS  WAITING  COMPLETED  LEFT             CREATED (UTC)\n"
      "spring  alice  42%   100   60       40         about 2 min 0 s  2026-11-24 12:00:00\n");
}

TEST(ExitCodeOfGroup, IsThatOfItsWorstJob) {
  EXPECT_EQ(exit_code_of_group(group(R"({"held":1,"failed":1})")), ExitCode::job_not_ended);
  EXPECT_EQ(exit_code_of_group(group(R"({"completed":5})")), ExitCode::ok);
  EXPECT_EQ(exit_code_of_group(group(R"({"completed":5,"cancelled":1})")), ExitCode::job_cancelled);
  EXPECT_EQ(exit_code_of_group(group(R"({"cancelled":1,"failed":1})")), ExitCode::job_failed);
}

}  // namespace
}  // namespace llmspool::cli
