// SPDX-License-Identifier: MIT
// The daemon's refusals in words.
#include "api.hpp"

#include <gtest/gtest.h>

namespace llmspool::cli {
namespace {

Refusal refusal_of(unsigned status, const std::string& body, client::Headers headers = {}) {
  return refusal({.status = status, .body = body, .headers = std::move(headers)});
}

TEST(Refusal, IsTheProblemAsOneMessage) {
  const auto one = refusal_of(400, R"({"title":"Bad","detail":"The job is not valid.",
      "errors":[{"field":"backend","detail":"There is no backend 'x'."},
                {"field":"priority","detail":"It is above 100."}]})");
  EXPECT_EQ(one.code(), ExitCode::refused);
  EXPECT_STREQ(one.what(),
               "The job is not valid.\n"
               "  backend: There is no backend 'x'.\n"
               "  priority: It is above 100.");
  EXPECT_EQ(one.problem().as_object().at("title"), "Bad");
}

TEST(Refusal, SaysNothingTwice) {
  EXPECT_STREQ(refusal_of(400, R"({"detail":"The field 'x' is wrong: it is empty.",
                                   "errors":[{"field":"x","detail":"it is empty."}]})")
                   .what(),
               "The field 'x' is wrong: it is empty.");
}

TEST(Refusal, SaysWhenToComeBack) {
  EXPECT_STREQ(refusal_of(429, R"({"detail":"The queue is full."})", {{"Retry-After", "7"}}).what(),
               "The queue is full.\nTry again in 7 s.");
}

TEST(Refusal, NeedsNoProblem) {
  EXPECT_STREQ(refusal_of(502, "<html>").what(), "The daemon answered with HTTP status 502.");
}

TEST(Refusal, TellsWhetherItMayPass) {
  EXPECT_TRUE(refusal_of(503, "").may_pass());
  EXPECT_FALSE(refusal_of(409, "").may_pass());
}

TEST(Refusal, HasAnExitCode) {
  EXPECT_EQ(refusal_of(401, "").code(), ExitCode::permission_denied);
  EXPECT_EQ(refusal_of(403, "").code(), ExitCode::permission_denied);
  EXPECT_EQ(refusal_of(404, "").code(), ExitCode::not_found);
  EXPECT_EQ(refusal_of(409, "").code(), ExitCode::refused);
  EXPECT_EQ(refusal_of(500, "").code(), ExitCode::server_error);
  EXPECT_EQ(refusal_of(503, "").code(), ExitCode::refused);
  EXPECT_EQ(refusal_of(507, "").code(), ExitCode::refused);
}

TEST(ParseAnswer, TakesJsonAndNothing) {
  EXPECT_TRUE(parse_answer({.status = 204, .body = "", .headers = {}}).is_null());
  EXPECT_THROW(parse_answer({.status = 200, .body = "<html>", .headers = {}}), Failure);
}

TEST(JobTarget, EncodesWhatThePersonTyped) {
  EXPECT_EQ(job_target("42", "/files"), "/api/jobs/42/files");
  EXPECT_EQ(job_target("../x"), "/api/jobs/..%2Fx");
}

}  // namespace
}  // namespace llmspool::cli
