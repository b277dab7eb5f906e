// SPDX-License-Identifier: MIT
// What a job is: plain values without I/O. The table of what may happen to one is in
// transition.cpp. Every member has an initializer, so that a maker names only what it means.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace llmspool::job {

using JobId = std::int64_t;  // on the wire a string of decimal digits
using Fence = std::int64_t;  // the number of a claim; a later claim of the job has a higher one
using Seq = std::int64_t;    // the number of an event within its job, from 1

// A job's id from the wire; nothing unless it is a positive decimal number.
std::optional<JobId> parse_id(std::string_view text);

enum class Status { held, pending, processing, completed, failed, cancelled };
std::string_view to_string(Status status);
std::optional<Status> parse_status(std::string_view text);
inline bool ended(Status status) {
  return status >= Status::completed;
}

struct Usage {
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
};

// Why a job failed, or why an attempt is repeated.
struct Failure {
  std::string code{};    // a stable word: backend_failed, timeout, expired, interrupted, ...
  std::string detail{};  // a sentence
  std::string step{};    // empty if no step is to blame
  int attempt = 0;
  bool retryable = false;
  std::string backend{};  // that ran the attempt
  Time at{};
};

// Between two attempts.
struct Pause {
  Time from{}, until{};
  bool operator==(const Pause&) const = default;
};

inline constexpr int kAttemptsUsual = 3;

// The part of a job that is listed, scheduled and shown. One row of the store.
struct Job {
  JobId id = 0;
  Status status = Status::pending;
  std::string owner{};
  std::string pipeline{};               // empty: a prompt
  std::vector<std::string> backends{};  // candidates in order; never empty once accepted
  std::string backend{};                // the one it waits for, runs on, or ran on
  std::string model{};                  // empty: the backend's default
  int priority = 50;                    // 0-100, higher first
  std::map<std::string, std::string> labels{};
  std::vector<JobId> after{};  // jobs that must have completed first
  std::string group{};         // of its owner; empty: none
  std::string supersede{};     // a newer job of its owner with the same key cancels it; empty: none
  int max_attempts = kAttemptsUsual;
  std::optional<std::int64_t> timeout_seconds{};  // of one attempt
  // Of each step: until its first text, between two pieces of text, in all.
  std::optional<std::int64_t> first_token_timeout_seconds{}, token_timeout_seconds{},
      step_timeout_seconds{};
  std::optional<Time> not_before{}, deadline{};
  std::optional<Pause> pause{};  // before its next attempt

  int progress = 0;  // percent; never goes back within an attempt
  std::string current_step{}, message{};
  int attempt = 0;        // 1 from the first start on
  bool resuming = false;  // the next start goes on with the same attempt
  int interruptions = 0;  // times in a row that the daemon died under it
  Fence fence = 0;
  Usage usage{};
  std::optional<std::string> output{};  // of an ended prompt job: the text
  std::optional<Failure> failure{};
  std::vector<Failure> failures{};  // of each attempt that ended in one, oldest first
  bool contents_removed = false;    // its inputs, texts, files and what is hoisted of them
  // By the store's word: it waits for its turn and neither for a time nor for other jobs.
  bool claimable = false;
  boost::json::object hoisted{};  // a pipeline's named results, at the top level on the wire
  Time created_at{};
  Time queued_at{};  // since when it waits for its turn; see turn.hpp
  std::optional<Time> started_at{}, completed_at{};
  Seq seq = 0;  // of the newest event
};

// Before when it is not to start: its `not_before` or the end of its pause, whichever is later. A
// pause that is still to begin is over: the clock has been set back since, and nobody knows by how
// much.
std::optional<Time> earliest_start(const Job& job, Time now);

// Those of a job's backends that come after the one it waits for or runs on, but none that has
// given up on it.
std::vector<std::string> candidates_after(const Job& job);
// The same, and then those before: all that may have the job instead.
std::vector<std::string> alternatives(const Job& job);

struct Message {
  std::string role{}, content{};
};

struct Optimization {
  std::string name{};
  boost::json::object params{};
};

// The part of a job that only its run needs: what to do with which texts.
struct Request {
  std::vector<Message> messages{};              // of a prompt job
  std::map<std::string, std::string> inputs{};  // of a pipeline job, by the input's own name
  boost::json::object params{};
  std::vector<Optimization> optimizers{};  // work on the prompt, in order
};

// A file that a job made.
struct File {
  std::string name{};  // never has a slash
  std::string role{};  // cv, cover_letter, ats_report, answers, metadata, other
  std::string media_type{};
  std::string content{};
};

// What a finished step leaves behind: the checkpoint from which a job goes on.
struct StepResult {
  std::string step{};
  bool skipped = false;
  std::string text{};
  boost::json::object report{};
  Usage usage{};
};

struct Event {
  JobId job_id = 0;
  Seq seq = 0;
  Time at{};
  std::string type{};          // created, started, progress, delta, file, retrying, ...
  boost::json::object data{};  // the type's own fields
};

// What is expected of a job that has not ended.
struct Outlook {
  std::optional<std::int64_t> queue_position{};  // 1: the next of its backend
  std::optional<std::int64_t> eta_seconds{};     // until its end
  bool operator==(const Outlook&) const = default;
};

// On the wire, as the API describes them.
boost::json::object to_json(const Job& job, const Outlook& outlook = {},
                            boost::json::storage_ptr storage = {});
std::string json_text(const Job& job, const Outlook& outlook);  // the same on one line
boost::json::object to_json(const Failure& failure);
boost::json::array to_json(const std::vector<Failure>& failures);
boost::json::object to_json(const Event& event);
Failure failure_from_json(const boost::json::object& object);

}  // namespace llmspool::job
