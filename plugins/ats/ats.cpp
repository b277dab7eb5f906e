// SPDX-License-Identifier: MIT
// The ats optimizer: tells how well a CV answers a job posting, term by term.
#include <llmspool/plugin.hpp>

#include <boost/json.hpp>
#include <string>

#include "keyword_match.hpp"

namespace {

using namespace llmspool;

std::string_view required(const Task& task, std::string_view name) {
  if (const auto document = task.document(name)) return document->content;
  throw Failure("The optimizer \"ats\" needs a document \"" + std::string(name) + "\"");
}

// Keeps nothing between calls, so any number of threads may work at once.
class Ats final : public Optimizer {
 public:
  Verdict process(const Task& task, const Run& run, const Results& results) override {
    const auto match = ats::match(required(task, "cv"), required(task, "job_description"));
    results.document("text", "text/plain", ats::report_on(match));
    results.score(match.score);
    results.report(boost::json::serialize(
        boost::json::object{{"ats_score", match.score},
                            {"rating", ats::rating_of(match.score)},
                            {"matched", boost::json::value_from(match.matched)},
                            {"missing", boost::json::value_from(match.missing)}}));
    run.progress(Phase::work, 1, 1);
    return Verdict::done;
  }
};

constexpr PluginInfo kInfo{.id = "org.llmspool.ats", .name = "ATS match", .version = "1.0.0"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo, optimizer<Ats>("ats", "ATS match",
                                      "Compares a CV with a job posting by the posting's terms",
                                      {.concurrent = true}));
