// SPDX-License-Identifier: MIT
#include "spool/step_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "plugin/run.hpp"

namespace llmspool::spool {
namespace {

// What share of a step is over when a phase begins. A model is loaded once in many jobs, and
// reading a prompt is quicker than writing an answer.
constexpr double kPromptBegins = 0.05, kGenerateBegins = 0.25;

// Far beyond what can be, and still far from where a sum of many would overflow: C programs say -1
// for what they do not know.
std::int64_t believable(std::uint64_t tokens) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  return tokens > kMost ? 0 : static_cast<std::int64_t>(tokens);
}

job::Usage sum_of(const job::Usage& one, const job::Usage& other) {
  return {one.prompt_tokens + other.prompt_tokens, one.completion_tokens + other.completion_tokens};
}

}  // namespace

StepCall::StepCall(job::JobId job_id, const pipeline::Step& step, std::function<void()> activity)
    : job_id_(job_id), step_(step.name), label_(step.label), activity_(std::move(activity)) {}

void StepCall::tell() {
  if (!told_.exchange(true)) activity_();
}

// However much comes at once, no event becomes larger than what is taken at once.
void StepCall::emit(std::string_view text) {
  for (bool more = true; more && !text.empty();) {
    const auto piece = text.substr(0, limits::kEmitBufferBytes);
    text.remove_prefix(piece.size());
    more = keep(piece);
    if (more || too_long_) tell();
  }
}

bool StepCall::keep(std::string_view piece) {
  std::unique_lock lock(mutex_);
  signs_.alive = true;
  room_.wait(lock, [&] { return buffer_.size() < limits::kEmitBufferBytes || cancelled_; });
  if (cancelled_) return false;
  emitted_ += piece.size();
  if (emitted_ > limits::kAnswerBytesMax) {
    too_long_ = true;
    cancelled_ = true;
    return false;
  }
  buffer_ += piece;
  return true;
}

void StepCall::progress(int phase, std::uint64_t done, std::uint64_t total) {
  see_phase(phase);
  if (prepares_) return;
  phase_ = phase;
  done_ = done;
  total_ = total;
  tell();
}

void StepCall::see_phase(int phase) {
  const bool waits = phase == LLMSPOOL_PHASE_WAIT;
  const std::scoped_lock lock(mutex_);
  if (waits_ && !waits) {
    ++signs_.waits;
    signs_.alive = false;
  }
  waits_ = waits;
}

void StepCall::usage(std::uint64_t prompt_tokens, std::uint64_t completion_tokens) {
  const std::scoped_lock lock(mutex_);
  usage_ = {believable(prompt_tokens), believable(completion_tokens)};
}

void StepCall::begin_request() {
  const std::scoped_lock lock(mutex_);
  signs_ = {.requests = signs_.requests + 1, .waits = signs_.waits, .asking = true};
  waits_ = false;
  usage_before_ = sum_of(usage_before_, usage_);
  usage_ = {};
}

void StepCall::turn_to_backend() {
  const std::scoped_lock lock(mutex_);
  with_backend_ = true;
}

void StepCall::end_request() {
  const std::scoped_lock lock(mutex_);
  with_backend_ = false;
  signs_.asking = false;
}

void StepCall::show_life() {
  const std::scoped_lock lock(mutex_);
  signs_.alive = true;
}

std::int64_t StepCall::requests() const {
  const std::scoped_lock lock(mutex_);
  return signs_.requests;
}

bool StepCall::is_with_backend() const {
  const std::scoped_lock lock(mutex_);
  return with_backend_;
}

bool StepCall::asking() const {
  const std::scoped_lock lock(mutex_);
  return signs_.asking && !waits_;
}

StepCall::Signs StepCall::take_signs() {
  const std::scoped_lock lock(mutex_);
  Signs signs = signs_;
  signs.asking = signs.asking && !waits_;
  signs_.alive = false;
  return signs;
}

void StepCall::finish_reason(std::string_view reason) {
  const std::scoped_lock lock(mutex_);
  finish_reason_ = repaired_utf8(reason);
}

void StepCall::log(int priority, std::string_view message) {
  log::write(plugin::level_of(priority), message,
             {{"JOB_ID", std::to_string(job_id_)}, {"STEP", step_}});
}

void StepCall::cancel() {
  {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
  }
  room_.notify_all();
}

void StepCall::listen() {
  told_ = false;
}

std::string StepCall::take_text() {
  std::string taken;
  {
    const std::scoped_lock lock(mutex_);
    const std::size_t whole = buffer_.size() - incomplete_utf8_tail(buffer_);
    taken = buffer_.substr(0, whole);
    buffer_.erase(0, whole);
  }
  room_.notify_all();
  taken = repaired_utf8(taken);
  text_ += taken;
  return taken;
}

std::string StepCall::take_rest() {
  std::string taken;
  {
    const std::scoped_lock lock(mutex_);
    taken.swap(buffer_);
  }
  taken = repaired_utf8(taken);
  text_ += taken;
  return taken;
}

double StepCall::fraction() const {
  const double total = static_cast<double>(total_);
  const double share = total > 0 ? std::min(1.0, static_cast<double>(done_) / total) : 0;
  switch (phase_) {
    case LLMSPOOL_PHASE_WAIT:
      return 0;
    case LLMSPOOL_PHASE_LOAD:
      return kPromptBegins * share;
    case LLMSPOOL_PHASE_PROMPT:
      return kPromptBegins + (kGenerateBegins - kPromptBegins) * share;
    case LLMSPOOL_PHASE_GENERATE:
      return kGenerateBegins + (1 - kGenerateBegins) * share;
    default:
      return share;
  }
}

std::string StepCall::message() const {
  if (phase_ == LLMSPOOL_PHASE_WAIT) return label_ + ": waiting for other jobs of the backend";
  const std::uint64_t done = done_, total = total_;
  if (phase_ == LLMSPOOL_PHASE_LOAD && total > 0 && done < total)
    return fmt::format("{}: loading the model, {}%", label_, done * 100 / total);
  if (phase_ == LLMSPOOL_PHASE_PROMPT && done < total)
    return fmt::format("{}: reading the prompt, {} of {} tokens", label_, done, total);
  return label_;
}

job::Usage StepCall::usage() const {
  const std::scoped_lock lock(mutex_);
  return sum_of(usage_before_, usage_);
}

std::string StepCall::finish_reason() const {
  const std::scoped_lock lock(mutex_);
  return finish_reason_;
}

}  // namespace llmspool::spool
