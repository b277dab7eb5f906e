// SPDX-License-Identifier: MIT
// Whose turn it is. The jobs that wait for a backend stand in lines, one for each owner and model;
// this page says which line's first job goes next. Plain values, no I/O.
//
// - Within an owner's lines a job goes before another if its priority is higher, or if it has
//   waited longer by `aging` for each point of priority that it lacks: so no job waits for ever.
// - Between owners the same holds, but an owner's waiting begins anew whenever a job of theirs has
//   started: so owners of equal priority take turns, however many jobs each has.
// - Jobs for a model that is loaded go before others of no higher priority, until the job whose
//   turn it is has been passed over for `affinity`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "job/job.hpp"

namespace llmspool::job {

struct TurnRules {
  Milliseconds aging{std::chrono::minutes(1)};      // waiting that makes up for a point of priority
  Milliseconds affinity{std::chrono::seconds(30)};  // 0: the loaded model makes no difference
};

// What a job's place within its line goes by: smaller is sooner.
std::int64_t rank(Time queued_at, int priority, const TurnRules& rules);

// The first job of a line.
struct Head {
  std::string owner{}, model{};
  JobId id = 0;
  int priority = 0;
  Time queued_at{};
  std::string pipeline{};  // makes no difference to its turn, but to how long it will take
};

// Which models a backend can take a job for now.
struct Models {
  std::vector<std::string> loaded{};  // a job for one of them needs no swap
  std::vector<std::string> full{};    // run as many jobs as they may
};

// Adds the names by which jobs ask for the model that is asked for so, perhaps by none: its own
// and, if it is the backend's default one, that of jobs that name none.
void add_spellings(std::vector<std::string>& models, const std::string& model,
                   const std::string& default_model);

// The turns at one backend.
class Turns {
 public:
  // The one of `heads` that goes next; none if all are for models that are full.
  const Head* next(const std::vector<Head>& heads, const Models& models, const TurnRules& rules,
                   Time now);
  // It has been started.
  void take(const Head& head, Time now);

 private:
  struct Served {
    Time at{};
    std::int64_t turn = 0;  // tells apart those of one instant
  };
  void forget_future(Time now);

  std::map<std::string, Served, std::less<>> served_;  // owner: their last turn
  std::int64_t turns_ = 0;
  std::map<JobId, Time> passed_over_;  // jobs whose turn it was, and since when
};

}  // namespace llmspool::job
