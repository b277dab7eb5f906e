// SPDX-License-Identifier: MIT
#include "witness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.hpp"
#include "store/sqlite/tally.hpp"

namespace llmspool::simulation {

namespace json = boost::json;
using job::Job;
using job::JobId;
using job::Status;

namespace {

template <class... Commands>
bool is_any(const job::Command& command) {
  return (std::holds_alternative<Commands>(command) || ...);
}

// What only the claim that holds the job may say.
bool is_of_a_run(const job::Command& command) {
  return is_any<job::Report, job::Append, job::FinishStep, job::Complete, job::Fail, job::Retry,
                job::PutBack, job::HoldRunning>(command);
}

bool is_final(const std::string& type) {
  return type == "completed" || type == "failed" || type == "cancelled";
}

void expect_equal(const store::Counts& counts, const store::Counts& expected,
                  const std::string& of) {
  EXPECT_EQ(counts.held, expected.held) << of;
  EXPECT_EQ(counts.pending, expected.pending) << of;
  EXPECT_EQ(counts.processing, expected.processing) << of;
  EXPECT_EQ(counts.completed, expected.completed) << of;
  EXPECT_EQ(counts.failed, expected.failed) << of;
  EXPECT_EQ(counts.cancelled, expected.cancelled) << of;
}

std::string text_of(const Job& job) {
  return json::serialize(job::to_json(job));
}

// One for each event; where the job's contents were removed, without what was said.
std::vector<std::string> texts_of(const std::vector<job::Event>& events, bool contents_removed) {
  std::vector<std::string> texts;
  for (const job::Event& event : events) {
    json::object data = event.data;
    if (contents_removed && event.type == "delta") data.erase("text");
    texts.push_back(std::to_string(event.seq) + " at " +
                    std::to_string(event.at.time_since_epoch().count()) + ": " + event.type + ' ' +
                    json::serialize(data));
  }
  return texts;
}

}  // namespace

const Witness::Seen* Witness::find(JobId id) const {
  const auto at = jobs_.find(id);
  return at == jobs_.end() ? nullptr : &at->second;
}

void Witness::submitted(const store::Submission& submission, const store::Submitted& submitted) {
  const Job& job = submitted.applied.job;
  const auto key = std::pair(submission.job.owner, submission.idempotency_key);
  if (!submission.idempotency_key.empty()) {
    const auto use = keys_.find(key);
    const Seen* first = use == keys_.end() ? nullptr : find(use->second.id);
    const Milliseconds age = first == nullptr ? Milliseconds(0) : clock_.now() - use->second.at;
    const bool is_known = first != nullptr && !first->removed && age < limits::kIdempotencyKept;
    EXPECT_EQ(submitted.replayed, is_known) << "job " << job.id;
    if (submitted.replayed) {
      EXPECT_EQ(job.id, use->second.id);
      return;
    }
    keys_[key] = {job.id, clock_.now()};
  }
  EXPECT_FALSE(jobs_.contains(job.id)) << "job " << job.id << " is there already";
  Seen& seen = jobs_[job.id];
  seen.job.id = job.id;
  for (const JobId id : job.after) {
    const Seen* before = find(id);
    if (before != nullptr && !job::ended(before->job.status)) seen.open.insert(id);
  }
  record(submitted.applied);
  settle(submitted.applied);
  check_superseded(job);
}

void Witness::check_superseded(const Job& newer) const {
  if (newer.supersede.empty()) return;
  for (const auto& [id, seen] : jobs_) {
    EXPECT_TRUE(id == newer.id || seen.job.owner != newer.owner ||
                seen.job.supersede != newer.supersede || job::ended(seen.job.status) ||
                seen.restarts > 0)
        << "job " << id << " is still active beside job " << newer.id << ", which replaces it";
  }
}

void Witness::applied(const store::Applied& applied, std::optional<job::Fence> fence,
                      const std::vector<job::Command>& commands) {
  Seen& seen = jobs_.at(applied.job.id);
  bool restarts = false;
  for (const job::Command& command : commands) {
    if (is_of_a_run(command)) {
      EXPECT_EQ(fence, seen.job.fence) << "job " << applied.job.id << ", an abandoned claim spoke";
    }
    check_finished(seen, command);
    restarts = restarts || is_any<job::Restart>(command);
  }
  record(applied, restarts);
  settle(applied);
}

void Witness::changed(const std::vector<store::Applied>& all) {
  for (const auto& applied : all) record(applied);
  for (const auto& applied : all) settle(applied);
}

void Witness::woken(const store::Store::Woken& woken) {
  for (auto& [id, seen] : jobs_)
    if (job::earliest_start(seen.job, clock_.now()) <= clock_.now()) schedule(seen);
  changed(woken.ended);
  const bool all_know = tell_of_ends();
  EXPECT_TRUE(all_know || woken.next == clock_.now()) << "who tells the others?";
  check_deadlines(Milliseconds(0));
}

void Witness::check_deadlines(Milliseconds patience) const {
  for (const auto& [id, seen] : jobs_) {
    EXPECT_TRUE(job::ended(seen.job.status) || !seen.job.deadline ||
                *seen.job.deadline + patience > clock_.now())
        << "job " << id << " outlives its deadline";
  }
}

void Witness::removed(JobId id) {
  Seen& seen = jobs_.at(id);
  EXPECT_TRUE(job::ended(seen.job.status)) << "job " << id << " was removed while it was active";
  seen.removed = true;
}

void Witness::record(const store::Applied& applied, bool restarts) {
  record_one(applied, restarts);
  for (const auto& other : applied.others) record_one(other, false);
}

// When all that one call changed has been recorded.
void Witness::settle(const store::Applied& applied) {
  if (job::ended(applied.job.status)) settle(applied.job);
  for (const auto& other : applied.others) settle(other.job);
}

void Witness::record_one(const store::Applied& applied, bool restarts) {
  const Job& after = applied.job;
  Seen& seen = jobs_.at(after.id);
  const Job before = std::exchange(seen.job, after);
  EXPECT_FALSE(seen.removed) << "job " << after.id << " was removed";
  EXPECT_TRUE(restarts || !job::ended(before.status) || after.status == before.status)
      << "job " << after.id << " had ended and is " << job::to_string(after.status);
  EXPECT_LE(after.attempt, after.max_attempts) << "job " << after.id;
  EXPECT_GE(after.fence, before.fence) << "job " << after.id;
  if (restarts && !applied.events.empty()) {
    ++seen.restarts;
    seen.progress = 0;
    seen.finished.clear();
    for (const JobId id : after.after) {
      const Seen* first = find(id);
      if (first == nullptr) continue;
      const bool has_ended = job::ended(first->job.status);
      if (has_ended && has_been_told(after.id, id)) continue;
      seen.open.insert(id);
      if (has_ended) untold_.insert(id);
    }
  }
  EXPECT_LE(after.attempt, before.attempt + 1) << "job " << after.id;
  if (after.attempt != before.attempt) seen.progress = 0;
  job::Seq seq = before.seq;
  for (const job::Event& event : applied.events) {
    EXPECT_EQ(event.seq, ++seq) << "an event of job " << after.id;
    EXPECT_TRUE(seen.events.empty() || !is_final(seen.events.back().type) || restarts)
        << "job " << after.id << ": " << event.type << " after its last event";
    check_event(seen, after, event);
    seen.events.push_back(event);
  }
  EXPECT_EQ(after.seq, seq) << "job " << after.id;
  EXPECT_GE(after.progress, seen.progress) << "job " << after.id << " goes back";
  seen.progress = after.progress;
  EXPECT_TRUE(!job::ended(after.status) || is_final(seen.events.back().type)) << "job " << after.id;
  const bool moves = after.status != before.status || after.backend != before.backend ||
                     after.model != before.model || after.backends != before.backends ||
                     after.priority != before.priority || after.not_before != before.not_before ||
                     after.pause != before.pause;
  if (moves || before.created_at == Time()) schedule(seen);
}

void Witness::check_event(Seen& seen, const Job& after, const job::Event& event) const {
  if (event.type == "started") {
    EXPECT_EQ(event.data, (json::object{{"attempt", after.attempt}, {"backend", after.backend}}))
        << "job " << after.id;
    seen.said.clear();
  } else if (event.type == "progress") {
    const auto progress = static_cast<int>(event.data.at("progress").as_int64());
    EXPECT_GE(progress, seen.progress) << "job " << after.id << " goes back";
    seen.progress = progress;
  } else if (event.type == "delta") {
    const std::string step(event.data.at("step").as_string());
    auto& said = seen.said[step];
    said += event.data.at("text").as_string();
    check_said(after.id, step, said);
  } else if (event.type == "completed" && after.pipeline.empty()) {
    check_said(after.id, "answer", after.output.value_or(""));
  } else if (event.type == "moved") {
    EXPECT_EQ(event.data.at("backend"), json::value(after.backend)) << "job " << after.id;
  } else if (event.type == "retrying" && after.status != Status::cancelled) {
    EXPECT_EQ(event.data.at("error"), json::value(after.failures.back().detail))
        << "job " << after.id;
  } else if (event.type == "failed") {
    EXPECT_EQ(event.data.at("error"), json::value(after.failure.value().detail))
        << "job " << after.id;
  }
}

// Of all that was ever said for a job only what its newest call says may be stored.
void Witness::check_said(JobId id, const std::string& step, const std::string& text) const {
  const Call* call = calls_.last(id, step);
  ASSERT_NE(call, nullptr) << "job " << id << ": nobody has spoken for " << step;
  // One that was cancelled within a character has it replaced.
  constexpr std::string_view kReplacement = "\uFFFD";
  std::string_view whole = text;
  if (whole.ends_with(kReplacement)) whole.remove_suffix(kReplacement.size());
  EXPECT_TRUE(call->text.starts_with(whole))
      << "job " << id << ": '" << text << "' is not what its call says, '" << call->text << "'";
}

void Witness::check_finished(Seen& seen, const job::Command& command) const {
  const auto* finish = std::get_if<job::FinishStep>(&command);
  if (finish == nullptr) return;
  const JobId id = seen.job.id;
  EXPECT_TRUE(seen.finished.insert(finish->result.step).second)
      << "job " << id << ": " << finish->result.step << " had been finished already";
  if (finish->result.skipped) return;
  const Call* call = calls_.last(id, finish->result.step);
  ASSERT_NE(call, nullptr) << "job " << id;
  EXPECT_TRUE(call->done) << "job " << id << ": " << finish->result.step << " is not done";
  EXPECT_EQ(finish->result.text, call->text) << "job " << id;
}

void Witness::settle(const Job& ended) {
  EXPECT_TRUE(job::ended(ended.status)) << "job " << ended.id;
  jobs_.at(ended.id).open.clear();
  untold_.insert(ended.id);
  tell_of_ends();
}

bool Witness::has_been_told(JobId id, JobId end) const {
  return !database_.query("SELECT 1 FROM dependencies WHERE after_id = ? AND job_id = ?", end, id)
              .next();
}

void Witness::committed() {
  for (const auto& [id, told] : std::exchange(told_in_vain_, {})) {
    const Seen& seen = jobs_.at(id);
    EXPECT_TRUE(job::ended(seen.job.status) || seen.restarts > told.restarts)
        << "job " << id << " waits for ever for " << told.end;
  }
}

// Whether all know now that what they were to follow has ended.
bool Witness::tell_of_ends() {
  std::set<JobId> still_untold;
  for (auto& [id, seen] : jobs_) {
    for (const JobId end : untold_) {
      if (!seen.open.contains(end)) continue;
      if (!has_been_told(id, end)) {
        still_untold.insert(end);
        continue;
      }
      seen.open.erase(end);
      if (jobs_.at(end).job.status == Status::completed)
        schedule(seen);
      else
        told_in_vain_[id] = {end, seen.restarts};
    }
  }
  untold_ = std::move(still_untold);
  return untold_.empty();
}

void Witness::schedule(Seen& seen) const {
  seen.claimable = seen.job.status == Status::pending && seen.open.empty() &&
                   job::earliest_start(seen.job, clock_.now()) <= clock_.now();
  seen.passed_over.clear();
}

void Witness::compare_with(store::Store& store) const {
  store::Counts counts;
  std::map<std::pair<std::string, std::string>, store::Counts> groups;
  for (const auto& [id, seen] : jobs_) {
    const auto stored = store.get(id);
    ASSERT_EQ(stored.has_value(), !seen.removed) << "job " << id;
    if (seen.removed) continue;
    Job expected = seen.job;
    EXPECT_TRUE(removes_contents_ || !stored->contents_removed) << "job " << id;
    if (stored->contents_removed) {
      expected.contents_removed = true;
      expected.output.reset();
    }
    EXPECT_EQ(text_of(*stored), text_of(expected)) << "job " << id;
    EXPECT_EQ(stored->fence, seen.job.fence) << "job " << id;
    const auto events = store.events(id, 0, 100'000).value();
    EXPECT_EQ(texts_of(events, stored->contents_removed),
              texts_of(seen.events, stored->contents_removed))
        << "job " << id;
    ++store::sqlite::count_of(counts, seen.job.status);
    if (!seen.job.group.empty())
      ++store::sqlite::count_of(groups[{seen.job.owner, seen.job.group}], seen.job.status);
  }
  expect_equal(store.counts().value(), counts, "all");
  for (const auto& [group, expected] : groups)
    expect_equal(store.group(group.first, group.second).value().jobs, expected, group.second);
  EXPECT_EQ(store.switches().value(), switches_);
}

}  // namespace llmspool::simulation
