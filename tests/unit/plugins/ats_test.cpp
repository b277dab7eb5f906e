// SPDX-License-Identifier: MIT
// The ats plugin, loaded and called as the daemon does.
#include <gtest/gtest.h>

#include <llmspool/testing.hpp>
#include <string>

namespace {

using llmspool::Verdict;

class Ats : public testing::Test {
 protected:
  llmspool::testing::FakeHost host;
  llmspool::testing::Library library{LLMSPOOL_TEST_PLUGIN};
  llmspool::testing::LoadedOptimizer optimizer = library.optimizer(host);
  llmspool::testing::FakeRun run;
  llmspool::testing::FakeResults results;
};

TEST_F(Ats, reports_for_people_and_for_programs) {
  const auto outcome = optimizer.process(
      {{"cv", "Python and \"SQL\""}, {"job_description", "Python, SQL, Go"}}, run, results);
  EXPECT_EQ(outcome.verdict, Verdict::done);
  EXPECT_NE(results.text().find("[MATCH]   Python\n"), std::string::npos);
  EXPECT_NE(results.text().find("[MISSING] Go\n"), std::string::npos);
  EXPECT_EQ(results.documents.at("text").media_type, "text/plain");
  EXPECT_EQ(results.score, results.report.at("ats_score").as_int64());
  EXPECT_EQ(results.report.at("rating"), "GOOD");
  EXPECT_EQ(results.report.at("matched"), (boost::json::array{"SQL", "Python"}));
  EXPECT_EQ(results.report.at("missing"), boost::json::array{"Go"});
}

TEST_F(Ats, names_the_document_that_is_missing) {
  const auto outcome = optimizer.process({{"cv", "Python"}}, run, results);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.message, "The optimizer \"ats\" needs a document \"job_description\"");
}

}  // namespace
