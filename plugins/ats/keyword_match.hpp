// SPDX-License-Identifier: MIT
// Compares a CV with a job posting as applicant tracking systems do: by the posting's terms. Pure
// and deterministic: the same two texts give the same result on any machine, in any locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmspool::ats {

struct Match {
  int score = 0;                     // 0 to 100: the found share of the posting's terms, weighted
  std::vector<std::string> matched;  // terms found in the CV, the most important first
  std::vector<std::string> missing;  // terms not found there, likewise
};

Match match(std::string_view cv, std::string_view posting);

// "EXCELLENT", "GOOD" or "LOW".
std::string_view rating_of(int score);

// The report for a person, in plain text.
std::string report_on(const Match& match);

}  // namespace llmspool::ats
