// SPDX-License-Identifier: MIT
#include "job/transition.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "job/or_null.hpp"

namespace llmspool::job {
namespace {

namespace json = boost::json;

// The state table: in which states a command is allowed, in which others it has no effect because
// things are so already, and what is told where neither holds ("Job 42 is held: ...").
struct Rule {
  unsigned allowed;
  std::string_view refusal;
  unsigned idle = 0;
};

constexpr unsigned in(Status status) {
  return 1U << static_cast<unsigned>(status);
}
constexpr unsigned kHeld = in(Status::held);
constexpr unsigned kPending = in(Status::pending);
constexpr unsigned kProcessing = in(Status::processing);
constexpr unsigned kCancelled = in(Status::cancelled);
constexpr unsigned kWaiting = kHeld | kPending;
constexpr unsigned kActive = kWaiting | kProcessing;
constexpr unsigned kEnded = in(Status::completed) | in(Status::failed) | kCancelled;

// clang-format off
template <class C> constexpr Rule kRule = C::has_no_rule;
template <> constexpr Rule kRule<Start>       {kPending,    "only a pending job can be started"};
template <> constexpr Rule kRule<Report>      {kProcessing, "only a running job makes progress"};
template <> constexpr Rule kRule<Append>      {kProcessing, "only a running job writes text"};
template <> constexpr Rule kRule<FinishStep>  {kProcessing, "only a running job finishes a step"};
template <> constexpr Rule kRule<Complete>    {kProcessing, "only a running job can complete"};
template <> constexpr Rule kRule<Fail>        {kProcessing, "only a running job can fail"};
template <> constexpr Rule kRule<Retry>       {kProcessing, "only a running job can be retried"};
template <> constexpr Rule kRule<PutBack>     {kProcessing, "only a running job can be put back"};
template <> constexpr Rule kRule<Interrupt>   {kProcessing, "only a running job can be interrupted"};
template <> constexpr Rule kRule<HoldRunning> {kProcessing, "only a running job is held so"};
template <> constexpr Rule kRule<Divert>      {kPending,    "only a pending job can be diverted"};
template <> constexpr Rule kRule<Cancel>      {kActive,     "there is nothing to cancel", kCancelled};
template <> constexpr Rule kRule<Hold>        {kPending,    "only a pending job can be held", kHeld};
template <> constexpr Rule kRule<Release>     {kHeld,       "only a held job can be released", kPending};
template <> constexpr Rule kRule<Restart>     {kEnded,      "only a job that has ended can be run again"};
template <> constexpr Rule kRule<Change>      {kWaiting,    "only a job that waits can be changed"};
template <> constexpr Rule kRule<Supersede>   {kActive,     "a newer job replaces only one that is active"};
template <> constexpr Rule kRule<Expire>      {kActive,     "its deadline no longer matters"};
template <> constexpr Rule kRule<Abandon>     {kWaiting,    "it waits for no other job"};
// clang-format on

std::string_view state_phrase(Status status) {
  switch (status) {
    case Status::held:
      return "is held";
    case Status::pending:
      return "is pending";
    case Status::processing:
      return "is processing";
    case Status::completed:
      return "has already completed";
    case Status::failed:
      return "has already failed";
    case Status::cancelled:
      return "has already been cancelled";
  }
  std::unreachable();
}

std::string conflict(const Job& job, std::string_view refusal) {
  std::string sentence = "Job " + std::to_string(job.id) + " ";
  sentence.append(state_phrase(job.status)).append(": ").append(refusal).append(".");
  return sentence;
}

void emit(Transition& to, Time now, std::string_view type, json::object data = {}) {
  to.events.push_back({to.job.id, ++to.job.seq, now, std::string(type), std::move(data)});
}

void emit_progress(Transition& to, Time now, const std::map<std::string, int>& steps) {
  const Job& job = to.job;
  json::object percents;
  for (const auto& [step, percent] : steps) percents[step] = percent;
  emit(to, now, "progress",
       {{"progress", job.progress},
        {"current_step", text_or_null(job.current_step)},
        {"message", job.message},
        {"steps", std::move(percents)}});
}

// Back into the queue, to go on with the same attempt.
void requeue(Transition& to, Time now, std::string message) {
  to.job.status = Status::pending;
  to.job.resuming = true;
  to.job.message = std::move(message);
  emit(to, now, "requeued", {{"message", to.job.message}});
}

// Or with the first of its candidates, where none is named.
void begin_with(Job& job, const std::string& candidate) {
  if (!candidate.empty())
    job.backend = candidate;
  else if (!job.backends.empty())
    job.backend = job.backends.front();
}

void end(Transition& to, Time now, Status status, std::string message) {
  to.job.status = status;
  to.job.message = std::move(message);
  to.job.completed_at = now;
  to.job.resuming = false;
  to.job.pause.reset();
}

// The failure of a running attempt, with where and when it was.
Failure failure_of(const Job& job, Time now, Failure failure) {
  failure.attempt = job.attempt;
  failure.backend = job.backend;
  failure.at = now;
  return failure;
}

void end_failed(Transition& to, Time now, Failure reason) {
  Failure failure = failure_of(to.job, now, std::move(reason));
  if (to.job.status == Status::processing) to.job.failures.push_back(failure);
  end(to, now, Status::failed, failure.detail);
  emit(to, now, "failed", {{"error", failure.detail}, {"error_info", to_json(failure)}});
  to.job.failure = std::move(failure);
}

void perform(Transition& to, Time now, const Start& start) {
  Job& job = to.job;
  if (!job.resuming) {
    ++job.attempt;
    job.progress = 0;
    job.current_step.clear();
  }
  job.message = (job.resuming ? "Going on with " : "Starting on ") + start.backend;
  job.resuming = false;
  job.pause.reset();
  job.status = Status::processing;
  job.backend = start.backend;
  ++job.fence;
  if (!job.started_at) job.started_at = now;
  emit(to, now, "started", {{"attempt", job.attempt}, {"backend", job.backend}});
}

void perform(Transition& to, Time now, const Report& report) {
  Job& job = to.job;
  const int progress = std::clamp(report.progress, job.progress, 100);
  if (progress == job.progress && report.step == job.current_step &&
      report.message == job.message && report.steps.empty())
    return;
  job.progress = progress;
  job.current_step = report.step;
  job.message = report.message;
  emit_progress(to, now, report.steps);
}

void perform(Transition& to, Time now, const Append& append) {
  emit(to, now, "delta", {{"step", append.step}, {"text", append.text}});
}

void perform(Transition& to, Time now, const FinishStep& finish) {
  Job& job = to.job;
  job.progress = std::clamp(finish.progress, job.progress, 100);
  if (!finish.message.empty()) job.message = finish.message;
  job.interruptions = 0;
  job.usage.prompt_tokens += finish.result.usage.prompt_tokens;
  job.usage.completion_tokens += finish.result.usage.completion_tokens;
  for (const auto& [key, value] : finish.hoisted) job.hoisted.insert_or_assign(key, value);
  std::map<std::string, int> steps;
  if (!finish.result.skipped) steps[finish.result.step] = 100;
  emit_progress(to, now, steps);
  for (const File& file : finish.files) {
    emit(to, now, "file",
         {{"filename", file.name},
          {"role", file.role},  // an event's "type" says what kind of event it is
          {"size", static_cast<std::int64_t>(file.content.size())}});
  }
}

void perform(Transition& to, Time now, const Complete& complete) {
  to.job.progress = 100;
  to.job.current_step.clear();
  to.job.output = complete.output;
  end(to, now, Status::completed, "Done");
  emit(to, now, "completed");
}

void perform(Transition& to, Time now, const Fail& fail) {
  end_failed(to, now, fail.failure);
}

void perform(Transition& to, Time now, const Retry& retry) {
  Job& job = to.job;
  if (job.attempt >= job.max_attempts) return end_failed(to, now, retry.failure);
  job.interruptions = 0;
  const Milliseconds delay = std::max(retry.delay, Milliseconds::zero());
  job.failures.push_back(failure_of(job, now, retry.failure));
  job.status = Status::pending;
  if (delay > Milliseconds::zero()) job.pause = Pause{now, now + delay};
  job.backend = retry.backend;
  job.message = "Waiting for attempt " + std::to_string(job.attempt + 1) + " of " +
                std::to_string(job.max_attempts) + ": " + retry.failure.detail;
  emit(to, now, "retrying",
       {{"in_seconds", std::chrono::ceil<std::chrono::seconds>(delay).count()},
        {"error", retry.failure.detail}});
}

void perform(Transition& to, Time now, const PutBack& back) {
  to.job.interruptions = 0;
  requeue(to, now,
          back.message.empty() ? "Waiting to go on after a restart of the daemon" : back.message);
}

void perform(Transition& to, Time now, const Interrupt&) {
  Job& job = to.job;
  if (++job.interruptions <= limits::kInterruptionsMax)
    return requeue(to, now, "Waiting to go on after an interruption");
  end_failed(to, now,
             {.code = "interrupted",
              .detail = "The daemon died " + std::to_string(job.interruptions) +
                        " times in a row while it ran this job, so the job is not tried again.",
              .step = job.current_step});
}

void perform(Transition& to, Time now, const HoldRunning& hold) {
  to.job.failures.push_back(failure_of(to.job, now, hold.failure));
  to.job.failures.back().retryable = true;  // once a person has looked at it
  to.job.status = Status::held;
  to.job.interruptions = 0;
  to.job.message = hold.failure.detail;
  emit(to, now, "held", {{"reason", hold.failure.detail}});
}

void perform(Transition& to, Time now, const Divert& divert) {
  Job& job = to.job;
  job.message = "Waiting for " + divert.backend + ", since " + job.backend + " takes no jobs now";
  job.backend = divert.backend;
  emit(to, now, "moved", {{"backend", job.backend}, {"message", job.message}});
}

void perform(Transition& to, Time now, const Cancel&) {
  ++to.job.fence;
  end(to, now, Status::cancelled, "Cancelled");
  emit(to, now, "cancelled");
}

void perform(Transition& to, Time now, const Supersede& supersede) {
  ++to.job.fence;
  const std::string by = std::to_string(supersede.by);
  end(to, now, Status::cancelled, "Replaced by job " + by);
  emit(to, now, "cancelled", {{"superseded_by", by}, {"reason", "Replaced by job " + by + "."}});
}

void perform(Transition& to, Time now, const Hold&) {
  to.job.status = Status::held;
  to.job.message = "Held until released";
  emit(to, now, "held");
}

void perform(Transition& to, Time now, const Release&) {
  Job& job = to.job;
  // Where its backend had asked for a person, that person's word is worth another attempt.
  if (!job.resuming) job.max_attempts = std::max(job.max_attempts, job.attempt + 1);
  job.status = Status::pending;
  job.message = "Waiting";
  emit(to, now, "released");
}

void perform(Transition& to, Time now, const Restart& restart) {
  Job& job = to.job;
  job.status = Status::pending;
  ++job.fence;
  begin_with(job, restart.backend);
  job.queued_at = now;
  job.not_before.reset();
  job.pause.reset();
  if (job.deadline && *job.deadline <= now) job.deadline.reset();  // or it would expire at once
  job.progress = 0;
  job.current_step.clear();
  job.message = "Waiting to run again";
  job.attempt = 0;
  job.interruptions = 0;
  job.usage = {};
  job.output.reset();
  job.failure.reset();
  job.failures.clear();
  job.hoisted.clear();
  job.started_at.reset();
  job.completed_at.reset();
  emit(to, now, "requeued", {{"message", job.message}});
}

void perform(Transition& to, Time now, const Change& change) {
  Job& job = to.job;
  json::object changed;
  if (change.priority && *change.priority != job.priority) {
    job.priority = *change.priority;
    changed.emplace("priority", job.priority);
  }
  if (change.labels && *change.labels != job.labels) {
    job.labels = *change.labels;
    changed.emplace("labels", json::value_from(job.labels));
  }
  if (change.not_before && (*change.not_before != job.not_before || job.pause)) {
    job.not_before = *change.not_before;
    job.pause.reset();
    job.queued_at = std::max(std::min(job.queued_at, now), job.not_before.value_or(Time::min()));
    changed.emplace("not_before", time_or_null(job.not_before));
  }
  if (change.backends && *change.backends != job.backends) {
    job.backends = *change.backends;
    begin_with(job, change.backend);
    job.pause.reset();  // which was for the backend that it leaves
    changed.emplace("backend", job.backend);
  }
  if (change.model && *change.model != job.model) {
    job.model = *change.model;
    changed.emplace("model", text_or_null(job.model));
  }
  if (!changed.empty()) emit(to, now, "changed", std::move(changed));
}

void perform(Transition& to, Time now, const Expire&) {
  ++to.job.fence;
  std::string detail = "Its deadline passed before it was done.";
  if (to.job.deadline)
    detail = "Its deadline, " + format_time(*to.job.deadline) + ", passed before it was done.";
  end_failed(to, now,
             {.code = "expired", .detail = std::move(detail), .step = to.job.current_step});
}

void perform(Transition& to, Time now, const Abandon& abandon) {
  std::string detail = "Job " + std::to_string(abandon.after) + ", which it was to follow, ";
  detail.append(abandon.status == Status::cancelled ? "was cancelled." : "failed.");
  end_failed(to, now, {.code = "dependency_failed", .detail = std::move(detail)});
}

}  // namespace

Transition create(Job job, bool held, Time now) {
  Transition to{std::move(job), {}};
  to.job.status = held ? Status::held : Status::pending;
  to.job.message = held ? "Held until released" : "Waiting";
  to.job.created_at = now;
  to.job.queued_at = std::max(now, to.job.not_before.value_or(now));
  if (to.job.backend.empty() && !to.job.backends.empty()) to.job.backend = to.job.backends.front();
  emit(to, now, "created");
  return to;
}

Result<Transition> apply(Job job, const Command& command, Time now) {
  return std::visit(
      [&]<class C>(const C& performed) -> Result<Transition> {
        constexpr Rule rule = kRule<C>;
        if ((rule.idle & in(job.status)) != 0) return Transition{std::move(job), {}};
        if ((rule.allowed & in(job.status)) == 0)
          return fail(Code::conflict, conflict(job, rule.refusal));
        Transition to{std::move(job), {}};
        perform(to, now, performed);
        return to;
      },
      command);
}

}  // namespace llmspool::job
