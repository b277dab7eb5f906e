// SPDX-License-Identifier: MIT
// The course of one run of a pipeline: which steps may start, what they get, which files are
// complete, how far the whole is. A pure value: it starts nothing itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "job/job.hpp"
#include "pipeline/definition.hpp"

namespace llmspool::pipeline {

// What a step is given, with its templates filled in.
struct Work {
  const Step* step = nullptr;
  std::vector<job::Message> messages;            // messages and generate
  std::map<std::string, std::string> documents;  // optimize
  boost::json::object params;  // the job's own over the step's; of optimizers: the step's
};

class Plan {
 public:
  // `definition` and `request` outlive the plan. `finished` are the steps that are done already,
  // whose files have been given.
  Plan(const Definition& definition, const job::Request& request,
       const std::vector<job::StepResult>& finished);

  // Steps whose needs are met and that have not been taken yet, in the definition's order; each is
  // given once. Those whose condition fails are not among them: see take_skipped().
  std::vector<Work> take_ready();
  // Results of steps that need not run, to be stored like any other; each is given once and counts
  // as finished already; finish() with it gives the files that are complete since. Call it until it
  // is empty before take_ready().
  std::vector<job::StepResult> take_skipped();

  // Counts `result` as finished and gives the files that are complete since.
  std::vector<job::File> finish(const job::StepResult& result);

  bool complete() const;
  // Percent, from the weights and how far running steps are (0-1 by step name).
  int progress(const std::map<std::string, double>& running) const;
  boost::json::object hoisted() const;  // of what is known so far
  job::Usage usage() const;
  const std::string& text_of(const std::string& step) const;  // "" if it has none

 private:
  bool may_start(const Step& step) const;  // not taken yet, and all it needs is finished
  bool is_wanted(const Step& step) const;  // its condition holds
  Work work_of(const Step& step) const;
  std::string_view value(const Reference& reference) const;
  std::vector<job::File> take_files();

  const Definition& definition_;
  const job::Request& request_;
  std::map<std::string, job::StepResult> finished_;
  std::set<std::string> taken_;
  std::set<std::string> files_given_;
};

}  // namespace llmspool::pipeline
