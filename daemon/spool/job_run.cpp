// SPDX-License-Identifier: MIT
#include "spool/job_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/finally.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "spool/retry.hpp"

namespace llmspool::spool {
namespace {

using plugin::Ending;
using plugin::Verdict;

constexpr std::chrono::seconds kStoreRetryInterval{1};
// The longest that a timer waits: it outlives the run that it watches.
constexpr Milliseconds kWatchMax{30'000};
// How late it is noticed, at the latest, that a backend is asked that was not.
constexpr Milliseconds kNoticedIn{100};

// What is left until `timeout` after `since`; nothing without a timeout.
std::optional<Milliseconds> left_of(Milliseconds timeout, Milliseconds since, Milliseconds now) {
  if (timeout <= Milliseconds(0)) return std::nullopt;
  return since + timeout - now;
}

std::string in_seconds(Milliseconds time) {
  return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(time).count());
}

}  // namespace

JobRun::JobRun(RunContext& context, store::Claimed claimed,
               std::shared_ptr<const pipeline::Definition> definition,
               std::shared_ptr<plugin::Backend> backend, Slots& slots, Callbacks callbacks,
               const config::Backend& rules)
    : context_(context),
      job_(std::move(claimed.applied.job)),
      request_(std::move(claimed.request)),
      definition_(std::move(definition)),
      backend_(std::move(backend)),
      slots_(slots),
      callbacks_(std::move(callbacks)),
      plan_(*definition_, request_, claimed.finished),
      timeouts_{timeout_of(job_.first_token_timeout_seconds, rules.first_token_timeout),
                timeout_of(job_.token_timeout_seconds, rules.token_timeout),
                timeout_of(job_.step_timeout_seconds, rules.step_timeout)} {}

JobRun::Timeout JobRun::timeout_of(const std::optional<std::int64_t>& own,
                                   std::chrono::seconds usual) {
  if (!own) return {.time = usual};
  const std::chrono::seconds time(*own);
  return {.time = time, .own = usual.count() <= 0 || time < usual};
}

void JobRun::begin() {
  begun_ = context_.loop.uptime();
  last_append_ = begun_;  // a job that ends at once has no more to say than its end
  watch_timeout();
  advance();
}

void JobRun::advance() {
  if (closed_ || failed_) return;
  for (auto skipped = plan_.take_skipped(); !skipped.empty(); skipped = plan_.take_skipped())
    for (auto& result : skipped) {
      auto files = plan_.finish(result);
      say(job::FinishStep{.result = std::move(result),
                          .files = std::move(files),
                          .hoisted = plan_.hoisted(),
                          .progress = plan_.progress({})});
    }
  if (plan_.complete()) {
    std::optional<std::string> output;
    if (job_.pipeline.empty()) output = plan_.text_of(definition_->steps.back().name);
    close_with(job::Complete{std::move(output)});
  } else if (draining_) {
    if (calls_.empty()) close_with(job::PutBack{});
  } else {
    for (const auto& work : plan_.take_ready()) start(work);
  }
  flush();
}

StepWork JobRun::work_for(const pipeline::Work& work) const {
  const bool optimizes = work.step->kind == pipeline::Step::Kind::optimize;
  StepWork step{
      .job_id = job_.id,
      .attempt = job_.attempt,
      .model = job_.model,
      .kind = work.step->kind,
      .step = work.step->name,
      .messages = work.messages,
      .documents = work.documents,
      .params = plugin::fitting(optimizes ? request_.params : work.params, backend_->params()),
      .backend = backend_,
      .optimizer = nullptr,
      .optimizer_params = {},
      .on_prompt = {}};
  if (optimizes) {
    step.optimizer = context_.plugins.optimizer(work.step->optimizer);
    step.optimizer_params = plugin::fitting(work.params, step.optimizer->params());
  } else {
    for (const auto& optimization : request_.optimizers)
      step.on_prompt.emplace_back(context_.plugins.optimizer(optimization.name),
                                  optimization.params);
  }
  return step;
}

void JobRun::start(const pipeline::Work& work) {
  const auto& step = *work.step;
  // Not make_shared: a timer that still knows of an ended call would keep all its memory.
  const CallPtr call(new StepCall(job_.id, step, [this, weak = weak_from_this()] {
    context_.loop.post([weak] {
      if (const auto self = weak.lock()) self->flush();
    });
  }));
  const bool generates = step.kind != pipeline::Step::Kind::optimize;
  calls_[step.name] = {.call = call, .generates = generates};
  started_.push_back(step.name);

  auto run = [self = shared_from_this(), call, &step, step_work = work_for(work)]() mutable {
    self->on_step_begun(step.name);
    self->context_.workers.run([self, call, &step, step_work = std::move(step_work)]() mutable {
      auto outcome = std::make_shared<StepOutcome>(do_step(std::move(step_work), *call));
      self->context_.loop.post(
          [self, call, &step, outcome] { self->on_step_ended(call, step, std::move(*outcome)); });
    });
  };
  if (generates)
    slots_.acquire(call.get(), std::move(run));
  else
    run();
}

void JobRun::on_step_begun(const std::string& step) {
  Running& running = calls_.at(step);
  running.began = context_.loop.uptime();
  watch(step, running.call);
}

void JobRun::on_step_ended(const CallPtr& call, const pipeline::Step& step, StepOutcome outcome) {
  tell_answer(calls_.at(step.name), outcome);
  // Its slot is free when it is known whether the steps that wait for one are still wanted.
  const Finally release([this, generates = calls_.at(step.name).generates] {
    if (generates) slots_.release();
  });
  calls_.erase(step.name);
  std::erase(started_, step.name);
  if (closed_) return end_if_over();

  if (auto rest = call->take_rest(); !rest.empty()) say(job::Append{step.name, std::move(rest)});
  if (outcome.ending.verdict != Verdict::done)
    give_up({outcome.cause(), step.name, outcome.is_backends()});
  else if (!failed_)
    finish_step(*call, step, std::move(outcome));
  if (failed_ && calls_.empty()) conclude(*failed_);
  advance();
  flush();
}

void JobRun::tell_answer(const Running& running, const StepOutcome& outcome) const {
  const auto usage = running.call->usage();
  // What an optimizer makes of a document says nothing about the backend, nor does the end of a
  // call that was cancelled, perhaps for having taken too long.
  const bool tells = outcome.answer && !running.call->cancelled();
  callbacks_.answered({tells ? *outcome.answer : Ending{.verdict = Verdict::cancelled},
                       running.call->requests() - (running.generates ? 1 : 0),
                       usage.prompt_tokens + usage.completion_tokens});
}

void JobRun::watch(const std::string& step, const CallPtr& call) {
  const auto at = calls_.find(step);
  if (closed_ || at == calls_.end() || at->second.call != call) return;
  Running& running = at->second;
  if (!running.began) return;
  const Milliseconds now = context_.loop.uptime();
  const auto signs = call->take_signs();
  if (signs.requests != running.request || signs.waits != running.waits) {
    running.request = signs.requests;
    running.waits = signs.waits;
    running.asked = now;
    running.spoke.reset();
  }
  if (signs.alive) running.spoke = now;

  std::optional<Milliseconds> next = left_of(timeouts_.step.time, *running.began, now);
  if (next && *next <= Milliseconds(0))
    return time_out(step, timeouts_.step,
                    "The step took longer than its " + in_seconds(timeouts_.step.time) + ".");
  const bool silent = !running.spoke;
  const Timeout& patience = silent ? timeouts_.first_token : timeouts_.token;
  const auto left = signs.asking
                        ? left_of(patience.time, running.spoke.value_or(running.asked), now)
                        : std::nullopt;
  if (left && *left <= Milliseconds(0))
    return time_out(
        step, patience,
        (silent ? "The backend wrote nothing within " : "The backend fell silent for more than ") +
            in_seconds(patience.time) + ".");
  if (left) next = std::min(next.value_or(*left), *left);
  // A request, and its first text, are followed by a patience of their own.
  for (const Milliseconds each : {timeouts_.first_token.time, timeouts_.token.time})
    if (each > Milliseconds(0))
      next = std::min(next.value_or(each), signs.asking ? each / 4 : kNoticedIn);
  if (!next) return;
  context_.loop.after(std::clamp(*next, Milliseconds(1), kWatchMax),
                      [weak = weak_from_this(), step, weak_call = std::weak_ptr(call)] {
                        const auto self = weak.lock();
                        const auto same_call = weak_call.lock();
                        if (self && same_call) self->watch(step, same_call);
                      });
}

// The attempt ends at once, whenever the call returns.
void JobRun::time_out(const std::string& step, const Timeout& timeout, std::string detail) {
  if (failed_) return conclude_now(*failed_);
  const auto& call = *calls_.at(step).call;
  const Trouble trouble{.ending = {.verdict = Verdict::retry_later, .message = std::move(detail)},
                        .step = step,
                        .of_backend = call.is_with_backend()};
  if (call.asking() && !timeout.own) callbacks_.answered({trouble.ending, 0, 0});
  auto retry = answer_to(trouble);
  std::get<job::Retry>(retry).failure.code = "timeout";
  cancel_calls();
  if (closed_) return;
  close_with(std::move(retry));
  flush();
}

void JobRun::finish_step(StepCall& call, const pipeline::Step& step, StepOutcome outcome) {
  job::StepResult result{.step = step.name,
                         .skipped = false,
                         .text = call.text(),
                         .report = {},
                         .usage = call.usage()};
  if (step.kind == pipeline::Step::Kind::optimize) {
    result.text = std::move(outcome.optimized.documents["text"]);
    result.report = std::move(outcome.optimized.report);
    if (outcome.optimized.score) result.report.emplace("score", *outcome.optimized.score);
  } else {
    result.report.emplace("finish_reason", call.finish_reason());
  }
  auto files = plan_.finish(result);
  const int progress = plan_.progress({});
  say(job::FinishStep{std::move(result), std::move(files), plan_.hoisted(), progress, step.label});
}

void JobRun::give_up(Trouble trouble) {
  if (!failed_) failed_ = std::move(trouble);
  cancel_calls();
}

void JobRun::conclude(const Trouble& trouble) {
  if (draining_ && trouble.ending.verdict == Verdict::cancelled)
    close_with(job::PutBack{});
  else
    close_with(answer_to(trouble));
}

// A step has failed, and nobody waits any longer for those that were cancelled for it.
void JobRun::conclude_now(const Trouble& trouble) {
  conclude(trouble);
  flush();
}

// Where the job goes that its backend `gives_up`: to another that takes jobs now, or else to one
// that will. One that asks for patience keeps it, unless a later one takes jobs now.
std::string JobRun::next_backend(bool gives_up) const {
  const auto others = gives_up ? job::alternatives(job_) : job::candidates_after(job_);
  auto next = std::ranges::find_if(others, callbacks_.is_up);
  if (next == others.end() && gives_up) next = std::ranges::find_if(others, callbacks_.may_take);
  return next == others.end() ? job_.backend : *next;
}

job::Command JobRun::answer_to(const Trouble& trouble) {
  const Ending& ending = trouble.ending;
  job::Failure failure{.code = trouble.of_backend ? "backend_failed" : "optimizer_failed",
                       .detail = ending.message,
                       .step = trouble.step,
                       .attempt = job_.attempt,
                       .retryable = false};
  const auto next =
      trouble.of_backend ? next_backend(ending.verdict == Verdict::failed) : job_.backend;
  const bool has_next = next != job_.backend;
  switch (ending.verdict) {
    case Verdict::retry_later:
      failure.retryable = true;
      return job::Retry{
          std::move(failure),
          has_next ? Milliseconds(0)
                   : retry_delay(job_.attempt, ending.retry_after_seconds, context_.random()),
          next};
    case Verdict::retry_now:
      failure.retryable = true;
      return job::Retry{std::move(failure), Milliseconds(0), job_.backend};
    case Verdict::hold:
      failure.code = "held_by_backend";
      return job::HoldRunning{std::move(failure)};
    case Verdict::credentials_needed:
      return stop_queue(
          trouble, std::move(failure),
          fmt::format("The secret '{}' is needed: {}", ending.credential, ending.message));
    case Verdict::stop_queue:
      return stop_queue(trouble, std::move(failure), ending.message);
    case Verdict::cancelled:
      failure.detail = "The plugin gave up without being asked to.";
      return job::Fail{std::move(failure)};
    case Verdict::done:
    case Verdict::failed:
      break;
  }
  if (has_next) return job::Retry{std::move(failure), Milliseconds(0), next};
  return job::Fail{std::move(failure)};
}

// An optimizer is not the backend's fault: only the job that needs it waits for a person.
job::Command JobRun::stop_queue(const Trouble& trouble, job::Failure failure, std::string reason) {
  if (!trouble.of_backend) {
    failure.detail = std::move(reason);
    return job::HoldRunning{std::move(failure)};
  }
  callbacks_.stop_backend(reason);
  return job::PutBack{fmt::format("Waiting, since {} takes no jobs now: {}", job_.backend, reason)};
}

void JobRun::cancel_calls() {
  for (const auto& [name, running] : calls_) running.call->cancel();
  withdraw_waiting();
}

void JobRun::withdraw_waiting() {
  std::vector<std::string> withdrawn;
  for (const auto& [name, running] : calls_)
    if (running.generates && slots_.withdraw(running.call.get())) withdrawn.push_back(name);
  for (const auto& name : withdrawn) {
    calls_.erase(name);
    std::erase(started_, name);
  }
}

void JobRun::watch_timeout() {
  if (closed_ || !job_.timeout_seconds) return;
  const Milliseconds timeout = std::chrono::seconds(*job_.timeout_seconds);
  const Milliseconds left = begun_ + timeout - context_.loop.uptime();
  if (left <= Milliseconds(0)) return on_timeout();
  context_.loop.after(std::min(left, kWatchMax), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->watch_timeout();
  });
}

// The attempt ends at once; its backend is free again when the calls have returned.
void JobRun::on_timeout() {
  if (failed_) return conclude_now(*failed_);
  cancel_calls();
  close_with(job::Fail{{.code = "timeout",
                        .detail = fmt::format("The job took longer than its {} s.",
                                              job_.timeout_seconds.value_or(0)),
                        .step = started_.empty() ? "" : started_.back(),
                        .attempt = job_.attempt,
                        .retryable = true}});
  flush();
}

void JobRun::abandon() {
  closed_ = true;
  to_store_.clear();
  cancel_calls();
  end_if_over();
}

void JobRun::decline(std::string why) {
  close_with(job::PutBack{std::move(why)});
  flush();
}

void JobRun::drain() {
  draining_ = true;
  withdraw_waiting();
  advance();
}

void JobRun::put_back() {
  draining_ = true;
  cancel_calls();
  if (closed_) return flush();
  if (failed_) return conclude_now(*failed_);
  close_with(job::PutBack{});
  flush();
}

void JobRun::close_with(job::Command command) {
  say(std::move(command));
  closed_ = true;
}

void JobRun::collect_reports() {
  const Milliseconds now = context_.loop.uptime();
  std::map<std::string, double> running;
  for (const auto& [name, entry] : calls_) {
    const auto& call = entry.call;
    call->listen();
    running[name] = call->fraction();
    if (auto text = call->take_text(); !text.empty()) {
      say(job::Append{name, std::move(text)});
      last_append_ = now;
    }
  }
  if (started_.empty() || closed_) return;
  const auto& newest = started_.back();
  job::Report report{plan_.progress(running), newest, calls_.at(newest).call->message()};
  for (const auto& [name, fraction] : running)
    report.steps[name] = static_cast<int>(100 * fraction);
  const bool is_new = report.progress > reported_.progress || report.message != reported_.message ||
                      report.steps != reported_.steps;
  const bool new_step = report.step != reported_.step;
  if (!new_step && !is_new) return;
  const auto since = now - last_report_;
  if (!new_step && since < limits::kProgressInterval)
    return flush_in(limits::kProgressInterval - since);  // it may be the last for long
  last_report_ = now;
  reported_ = report;
  say(std::move(report));
}

void JobRun::flush_in(Milliseconds time) {
  if (flush_timed_) return;
  flush_timed_ = true;
  context_.loop.after(time, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->flush_timed_ = false;
      self->flush();
    }
  });
}

void JobRun::flush() {
  if (storing_ || over_) return;
  if (!closed_) {
    // Text and progress are gathered for a moment, unless something of weight goes to the store
    // now.
    const auto since = context_.loop.uptime() - last_append_;
    if (to_store_.empty() && since < limits::kDeltaInterval)
      return flush_in(limits::kDeltaInterval - since);
    collect_reports();
  }
  if (to_store_.empty()) return end_if_over();
  storing_ = true;
  being_stored_ = std::move(to_store_);
  to_store_.clear();
  context_.ledger.apply(
      job_.id, job_.fence, being_stored_,
      [self = shared_from_this()](const auto& result) { self->on_stored(result); });
}

void JobRun::on_stored(const Result<store::Applied>& result) {
  storing_ = false;
  if (result) {
    store_failing_ = false;
    being_stored_.clear();
    job_ = result->job;
    return flush();
  }
  if (claim_is_gone(result.error())) return abandon();

  // The disk is full or broken: nothing is lost as long as we keep it and try again.
  if (!store_failing_)
    log::error(fmt::format("Job {} waits for its store: {}", job_.id, result.error().message),
               {{"JOB_ID", std::to_string(job_.id)}});
  store_failing_ = true;
  being_stored_.insert(being_stored_.end(), std::make_move_iterator(to_store_.begin()),
                       std::make_move_iterator(to_store_.end()));
  to_store_ = std::move(being_stored_);
  being_stored_.clear();
  storing_ = true;
  context_.loop.after(kStoreRetryInterval, [self = shared_from_this()] {
    self->storing_ = false;
    self->flush();
  });
}

void JobRun::end_if_over() {
  if (over_ || !closed_ || storing_ || !to_store_.empty() || !calls_.empty()) return;
  over_ = true;
  callbacks_.ended();
}

}  // namespace llmspool::spool
