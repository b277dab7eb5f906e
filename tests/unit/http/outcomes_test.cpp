// SPDX-License-Identifier: MIT
#include "http/api/outcomes.hpp"

#include <gtest/gtest.h>

#include <random>

namespace llmspool::http {
namespace {

std::string all_of(Outcomes& outcomes) {
  std::string all;
  for (std::string piece = outcomes.take(); !piece.empty(); piece = outcomes.take()) all += piece;
  return all;
}

TEST(Outcomes, AreGivenInTheOrderOfTheLines) {
  Outcomes outcomes;
  outcomes.accepted(1, 7, false);
  outcomes.accepted(2, 8, false);
  outcomes.refused(4, {Code::invalid, "No."});
  outcomes.accepted(5, 9, false);
  outcomes.accepted(6, 3, false);
  outcomes.refused(7, {Code::invalid, "No."});
  const std::string problem =
      R"("error":{"type":"urn:llmspool:problem:invalid","title":"The request is wrong",)"
      R"("status":400,"detail":"No."}})";
  EXPECT_EQ(all_of(outcomes),
            "{\"line\":1,\"job_id\":\"7\"}\n{\"line\":2,\"job_id\":\"8\"}\n"
            "{\"line\":4," +
                problem +
                "\n{\"line\":5,\"job_id\":\"9\"}\n"
                "{\"line\":6,\"job_id\":\"3\"}\n{\"line\":7," +
                problem + "\n");
}

TEST(Outcomes, TellWhatHadBeenSubmittedBefore) {
  Outcomes outcomes;
  outcomes.accepted(1, 7, true);
  outcomes.accepted(2, 8, false);
  EXPECT_EQ(all_of(outcomes),
            "{\"line\":1,\"job_id\":\"7\",\"replayed\":true}\n{\"line\":2,\"job_id\":\"8\"}\n");
}

TEST(Outcomes, OfNothingAreNone) {
  Outcomes outcomes;
  EXPECT_EQ(outcomes.take(), "");
}

TEST(Outcomes, ComeInPieces) {
  Outcomes outcomes;
  for (int line = 1; line <= 100'000; ++line) outcomes.accepted(line, line, false);
  std::size_t pieces = 0, size = 0;
  for (auto piece = outcomes.take(); !piece.empty(); piece = outcomes.take(), ++pieces)
    size = std::max(size, piece.size());
  EXPECT_GT(pieces, 10U);
  EXPECT_LT(size, 70U * 1024);
}

TEST(Outcomes, OfManyJobsTakeFewBytes) {
  Outcomes in_a_row, with_blank_lines_between;
  for (int i = 1; i <= 100'000; ++i) {
    in_a_row.accepted(i, i, false);
    with_blank_lines_between.accepted(2L * i, i, false);
  }
  EXPECT_EQ(in_a_row.run_bytes(), 0U);
  EXPECT_LE(with_blank_lines_between.run_bytes(), 300'000U);
}

TEST(Outcomes, AreKeptWhateverTheNumbersAre) {
  std::mt19937_64 random(1);
  Outcomes outcomes;
  std::string expected;
  for (std::int64_t line = 1, id = 1; line < 1'000'000'000'000;) {
    line += static_cast<std::int64_t>(random() >> (1 + random() % 62)) % 1'000'000'000 + 1;
    id =
        random() % 3 == 0 ? static_cast<std::int64_t>(random() >> (1 + random() % 62)) + 1 : id + 1;
    outcomes.accepted(line, id, false);
    expected +=
        "{\"line\":" + std::to_string(line) + ",\"job_id\":\"" + std::to_string(id) + "\"}\n";
  }
  EXPECT_EQ(all_of(outcomes), expected);
}

}  // namespace
}  // namespace llmspool::http
