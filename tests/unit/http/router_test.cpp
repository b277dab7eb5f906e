// SPDX-License-Identifier: MIT
#include "http/router.hpp"

#include <gmock/gmock.h>

#include "http/problem.hpp"

namespace llmspool::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

Router router() {
  Router result;
  const auto nothing = [](const Request&) { return Response(); };
  result.add_plain("GET", "/", nothing);
  result.add_plain("GET", "/api/jobs", nothing);
  result.add_plain("POST", "/api/jobs", nothing);
  result.add_plain("GET", "/api/jobs/{id}", nothing);
  result.add_plain("DELETE", "/api/jobs/{id}", nothing);
  result.add_plain("GET", "/api/jobs/special", nothing);
  result.add_plain("GET", "/api/jobs/{id}/files/{name}", nothing);
  return result;
}

TEST(Router, FindsTheRouteOfAPath) {
  const Router all = router();
  EXPECT_EQ(all.match("GET", {""}).route->pattern, "/");
  EXPECT_EQ(all.match("POST", {"api", "jobs"}).route->method, "POST");
  const auto match = all.match("GET", {"api", "jobs", "7", "files", "a/b"});
  ASSERT_TRUE(match.route);
  EXPECT_THAT(match.parameters, ElementsAre(Pair("id", "7"), Pair("name", "a/b")));
}

TEST(Router, PrefersAPathOfItsOwnToAParameter) {
  const Router all = router();
  EXPECT_EQ(all.match("GET", {"api", "jobs", "special"}).route->pattern, "/api/jobs/special");
  EXPECT_EQ(all.match("GET", {"api", "jobs", "9"}).route->pattern, "/api/jobs/{id}");
  EXPECT_FALSE(all.match("DELETE", {"api", "jobs", "special"}).route);
  EXPECT_EQ(all.match("DELETE", {"api", "jobs", "special"}).allow, "GET, HEAD, OPTIONS");
}

TEST(Router, AnswersHeadByGet) {
  const Router all = router();
  EXPECT_EQ(all.match("HEAD", {"api", "jobs"}).route->method, "GET");
}

TEST(Router, TellsWhichMethodsThereAre) {
  const Router all = router();
  const auto match = all.match("DELETE", {"api", "jobs"});
  EXPECT_FALSE(match.route);
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(all.match("GET", {"api", "job"}).allow, "");
  EXPECT_EQ(all.match("GET", {"api", "jobs", ""}).route->pattern, "/api/jobs/{id}");
}

TEST(Problem, HasAStatusAndAStableTypeForEveryCode) {
  const std::tuple<Code, int, std::string> cases[] = {
      {Code::invalid, 400, "invalid"},
      {Code::unprocessable, 422, "unprocessable"},
      {Code::not_found, 404, "not-found"},
      {Code::conflict, 409, "conflict"},
      {Code::forbidden, 403, "forbidden"},
      {Code::too_large, 413, "too-large"},
      {Code::unsupported_media, 415, "unsupported-media"},
      {Code::queue_full, 429, "queue-full"},
      {Code::no_space, 507, "no-space"},
      {Code::unavailable, 503, "unavailable"},
      {Code::stale, 409, "stale"},
      {Code::internal, 500, "internal"},
  };
  for (const auto& [code, status, type] : cases) {
    const Error error{code, "A sentence."};
    const auto document = problem_document(error, "/api/jobs/7");
    EXPECT_EQ(document.at("type").as_string(), "urn:llmspool:problem:" + type);
    EXPECT_EQ(document.at("status").as_int64(), status);
    EXPECT_EQ(document.at("detail").as_string(), "A sentence.");
    EXPECT_EQ(document.at("instance").as_string(), "/api/jobs/7");
    EXPECT_FALSE(document.at("title").as_string().empty());
    const Response response = problem_response(error);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(*response.headers.find("Content-Type"), "application/problem+json");
    const bool later =
        code == Code::queue_full || code == Code::no_space || code == Code::unavailable;
    EXPECT_EQ(response.headers.find("Retry-After") != nullptr, later);
  }
}

TEST(Problem, IsUtf8WhateverAClientSaid) {
  EXPECT_EQ(problem_document({Code::invalid, "No \xff."}).at("detail").as_string(), "No \uFFFD.");
}

TEST(Problem, NamesFieldsThatAreWrong) {
  const auto document = problem_document({Code::invalid, "Two.", {{"a", "x"}, {"b", "y"}}});
  EXPECT_EQ(boost::json::serialize(document.at("errors")),
            R"([{"field":"a","detail":"x"},{"field":"b","detail":"y"}])");
}

}  // namespace
}  // namespace llmspool::http
