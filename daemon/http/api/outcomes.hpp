// SPDX-License-Identifier: MIT
// What became of the lines of a bulk upload, and the answer that tells it. The jobs of lines that
// follow each other take no memory of their own, others a few bytes each; problems are kept whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "job/job.hpp"

namespace llmspool::http {

// Lines that follow each other, whose jobs do so too.
struct Run {
  std::int64_t line = 0;
  job::JobId id = 0;
  std::int64_t count = 0;
  bool replayed = false;  // they had been submitted before
};

// Runs in the order of their lines, as numbers of few bytes: how far each is from the one before.
class Runs {
 public:
  void put(const Run& run);
  Run take();  // the first that has not been taken; one without lines: that was all
  std::size_t bytes() const { return bytes_.size(); }

 private:
  void write(std::int64_t number);
  std::int64_t read();

  std::string bytes_;
  std::size_t next_ = 0;
  Run put_, taken_;  // the places where the last ones ended
};

class Outcomes {
 public:
  // Lines come in their order; some may be left out.
  void accepted(std::int64_t line, job::JobId id, bool replayed);
  void refused(std::int64_t line, const Error& error);

  std::size_t problem_bytes() const { return problem_bytes_; }
  std::size_t run_bytes() const { return runs_.bytes(); }

  // As NDJSON, some lines at a time; empty: that was all. Nothing may be added any more.
  std::string take();

 private:
  struct Problem {
    std::int64_t line;
    std::string text;
  };
  void end_run();

  Runs runs_;
  Run last_;  // not among `runs_` yet: it may go on
  std::vector<Problem> problems_;
  std::size_t problem_bytes_ = 0;
  Run given_;  // what is left of the run that is being given
  std::size_t problems_given_ = 0;
};

}  // namespace llmspool::http
