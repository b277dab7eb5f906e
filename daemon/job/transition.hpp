// SPDX-License-Identifier: MIT
// The one place that says what may happen to a job: (job, command, now) -> (job, events).
#pragma once

#include <variant>

#include "job/job.hpp"

namespace llmspool::job {

// What the spool's runner says of a job that it holds; each carries the claim's fence.
struct Start {  // a claim: pending -> processing
  std::string backend{};
};
struct Report {  // how far it is, for people
  int progress = 0;
  std::string step{}, message{};       // what was begun last
  std::map<std::string, int> steps{};  // how far each running step is, in percent
};
struct Append {  // text of a running step
  std::string step{}, text{};
};
struct FinishStep {  // a step's result and the files that became complete with it
  StepResult result{};
  std::vector<File> files{};
  boost::json::object hoisted{};
  int progress = 0;
  std::string message{};  // what the step has done, for people; empty: nothing to tell
};
struct Complete {
  std::optional<std::string> output{};
};
struct Fail {
  Failure failure;
};
struct Retry {  // this attempt is over, another follows; `backend` runs it
  Failure failure;
  Milliseconds delay;
  std::string backend{};
};
struct PutBack {  // the attempt goes on later: when the daemon has started again, or as `message`
                  // says
  std::string message{};
};
struct Interrupt {};  // the daemon died under the job: as PutBack, but counted
struct HoldRunning {  // the backend asks a person to look at it
  Failure failure;
};

struct Divert {  // its backend takes no jobs now: it waits for another of its candidates
  std::string backend{};
};

// What people say.
struct Cancel {};
struct Hold {};
struct Release {};
struct Restart {          // run an ended job again from its kept inputs
  std::string backend{};  // the candidate that it begins with; empty: the first
};
struct Change {  // of a job that waits
  std::optional<int> priority{};
  std::optional<std::map<std::string, std::string>> labels{};
  std::optional<std::optional<Time>> not_before{};
  std::optional<std::vector<std::string>> backends{};  // moves it
  std::string backend{};                               // to this of them; empty: the first
  std::optional<std::string> model{};
};
// What becomes of a job by itself.
struct Supersede {  // a newer job with the same key was accepted
  JobId by = 0;
};
struct Expire {};  // its deadline has passed
struct Abandon {   // a job that it was to follow has failed or been cancelled
  JobId after = 0;
  Status status = Status::failed;
};

using Command = std::variant<Start, Report, Append, FinishStep, Complete, Fail, Retry, PutBack,
                             Interrupt, HoldRunning, Divert, Cancel, Hold, Release, Restart, Change,
                             Supersede, Expire, Abandon>;

struct Transition {
  Job job;  // afterwards
  // Numbered. None (cancelling what is cancelled): then the job is as it was.
  std::vector<Event> events{};
};

// The job as it is accepted: `job` with its `created` event. No dependency is looked at here.
Transition create(Job job, bool held, Time now);

// What `command` makes of `job`. Code::conflict, with the reason, where the state forbids it.
Result<Transition> apply(Job job, const Command& command, Time now);

}  // namespace llmspool::job
