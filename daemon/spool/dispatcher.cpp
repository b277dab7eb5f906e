// SPDX-License-Identifier: MIT
#include "spool/dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/message_ids.hpp"

namespace llmspool::spool {
namespace {

constexpr std::chrono::seconds kLease{30};
constexpr std::chrono::seconds kLeaseRenewal{10};
constexpr std::chrono::seconds kClaimRetry{1};
constexpr std::chrono::hours kWakeMax{1};  // wall clocks are set now and then

}  // namespace

Dispatcher::Dispatcher(RunContext& context, const pipeline::Current& pipelines, std::string node)
    : context_(context),
      pipelines_(pipelines),
      node_(std::move(node)),
      prompt_(std::make_shared<const pipeline::Definition>(pipeline::prompt_definition())) {
  for (const auto& backend : context_.plugins.backends())
    lanes_.try_emplace(backend->id(), backend);
}

void Dispatcher::start(std::function<void(Result<void>)> ready) {
  context_.ledger.recover(node_, [this, ready = std::move(ready)](Result<void> recovered) {
    if (!recovered) return ready(std::move(recovered));
    wake();
    poke_all();
    ready({});
  });
}

void Dispatcher::stop(Milliseconds grace, std::function<void()> at_rest) {
  stopping_ = true;
  at_rest_ = std::move(at_rest);
  const auto runs = runs_;  // a run may end at once
  for (const auto& [key, run] : runs) run->drain();
  context_.loop.after(grace, [this] {
    const auto late = runs_;
    for (const auto& [key, run] : late) run->put_back();
  });
  rest_if_done();
}

void Dispatcher::on_change(const job::Job& job) {
  for (auto at = runs_.lower_bound({job.id, 0}); at != runs_.end() && at->first.first == job.id;
       ++at)
    if (job::ended(job.status) || job.fence != at->first.second) at->second->abandon();
  const bool waits = job.status == job::Status::pending || job.status == job::Status::held;
  if (waits && job.not_before) wake_at(*job.not_before);  // it may have come during the commit
  if (!job::ended(job.status) && job.deadline) wake_at(*job.deadline);
  // An ended job may have been the last that another waited for, on whatever backend and until
  // whatever time.
  if (job::ended(job.status)) return stopping_ ? void() : wake();
  if (job.status != job::Status::pending) return;
  if (const auto lane = lanes_.find(job.backend); lane != lanes_.end()) claim(lane->second);
}

void Dispatcher::resume() {
  {
    const std::scoped_lock lock(reasons_mutex_);
    for (auto& [name, lane] : lanes_) lane.stopped_reason.clear();
  }
  poke_all();
}

int Dispatcher::running(const std::string& backend) const {
  const auto lane = lanes_.find(backend);
  return lane == lanes_.end() ? 0 : lane->second.running.load();
}

std::string Dispatcher::stopped_reason(const std::string& backend) const {
  const std::scoped_lock lock(reasons_mutex_);
  const auto lane = lanes_.find(backend);
  return lane == lanes_.end() ? "" : lane->second.stopped_reason;
}

void Dispatcher::poke_all() {
  for (auto& [name, lane] : lanes_) claim(lane);
}

bool Dispatcher::takes_jobs(const Lane& lane) const {
  const std::scoped_lock lock(reasons_mutex_);
  return !stopping_ && lane.stopped_reason.empty();
}

void Dispatcher::claim(Lane& lane) {
  if (!takes_jobs(lane)) return;
  if (lane.running + lane.claiming >= lane.backend->concurrency()) {
    lane.poked = true;
    return;
  }
  ++lane.claiming;
  context_.ledger.claim(lane.backend->id(), node_, context_.clock.now() + kLease,
                        [this, &lane](auto claimed) { on_claimed(lane, std::move(claimed)); });
}

void Dispatcher::on_claimed(Lane& lane, Result<std::optional<store::Claimed>> claimed) {
  --lane.claiming;
  if (!claimed) {
    log::error(
        fmt::format("No job can be taken for {}: {}", lane.backend->id(), claimed.error().message));
    context_.loop.after(kClaimRetry, [this, &lane] { claim(lane); });
  } else if (auto& job = *claimed) {
    run(lane, std::move(*job));
    claim(lane);  // there may be more
  } else if (std::exchange(lane.poked, false)) {
    claim(lane);
  }
  rest_if_done();
}

void Dispatcher::run(Lane& lane, store::Claimed claimed) {
  const auto& job = claimed.applied.job;
  if (!claimed.unreadable.empty()) return refuse(job, claimed.unreadable);
  const RunKey key{job.id, job.fence};
  std::shared_ptr<const pipeline::Definition> definition = prompt_;
  if (!job.pipeline.empty()) {
    const auto library = pipelines_.get();
    const auto& all = library->all();
    const auto at =
        std::ranges::find(all, job.pipeline, [](const auto& each) { return each->name; });
    if (at == all.end())
      return refuse(job, fmt::format("The pipeline '{}' is no longer there.", job.pipeline));
    definition = *at;
  }
  for (const auto& optimization : claimed.request.optimizers)
    if (context_.plugins.optimizer(optimization.name) == nullptr)
      return refuse(job, fmt::format("The optimizer '{}' is no longer there.", optimization.name));
  ++lane.running;
  // Not make_shared: a timer that still knows of an ended run would keep all its memory.
  const std::shared_ptr<JobRun> run(new JobRun(
      context_, std::move(claimed), std::move(definition), lane.backend, lane.slots,
      JobRun::Callbacks{
          .ended = [this, &lane, key] { on_ended(lane, key); },
          .stop_backend = [this,
                           &lane](const std::string& reason) { stop_backend(lane, reason); }}));
  runs_[key] = run;
  run->begin();
  if (stopping_) run->drain();
  keep_leases();
}

void Dispatcher::refuse(const job::Job& job, const std::string& why) {
  ++refusing_;
  const job::Fail fail{
      {.code = "gone", .detail = why, .step = {}, .attempt = job.attempt, .retryable = true}};
  context_.ledger.apply_on_loop(job.id, job.fence, {fail}, [this, job, why](const auto& refused) {
    --refusing_;
    if (!refused && !claim_is_gone(refused.error()) && !stopping_)
      context_.loop.after(kClaimRetry, [this, job, why] { refuse(job, why); });
    rest_if_done();
  });
}

void Dispatcher::on_ended(Lane& lane, const RunKey& key) {
  // Later, since the run that tells us is on the stack.
  context_.loop.post([this, &lane, key] {
    runs_.erase(key);
    --lane.running;
    claim(lane);
    rest_if_done();
  });
}

void Dispatcher::stop_backend(Lane& lane, const std::string& reason) {
  {
    const std::scoped_lock lock(reasons_mutex_);
    lane.stopped_reason = reason;
  }
  log::error(
      fmt::format("The backend {} takes no more jobs: {} When that is mended, reload the daemon.",
                  lane.backend->id(), reason),
      {{"BACKEND", lane.backend->id()}, {"MESSAGE_ID", std::string(message_ids::kBackendStopped)}});
}

void Dispatcher::wake() {
  context_.ledger.wake([this](Result<std::optional<Time>> next) {
    if (!next) {
      log::error("Delayed jobs cannot be woken: " + next.error().message);
      wake_at(context_.clock.now() + kClaimRetry);
      return;
    }
    if (*next) wake_at(**next);
    poke_all();
  });
}

void Dispatcher::wake_at(Time time) {
  const Time now = context_.clock.now();
  time = std::clamp(time, now, now + kWakeMax);
  if (wake_armed_ && *wake_armed_ <= time) return;
  wake_armed_ = time;
  context_.loop.after(time - now, [this, time] {
    if (wake_armed_ != time) return;  // an earlier one has been armed since
    wake_armed_.reset();
    if (!stopping_) wake();
  });
}

void Dispatcher::keep_leases() {
  if (keeping_leases_ || runs_.empty()) return;
  keeping_leases_ = true;
  context_.loop.after(kLeaseRenewal, [this] {
    keeping_leases_ = false;
    if (!runs_.empty()) context_.ledger.renew(node_, context_.clock.now() + kLease);
    keep_leases();
  });
}

void Dispatcher::rest_if_done() {
  const bool claiming =
      std::ranges::any_of(lanes_, [](const auto& entry) { return entry.second.claiming > 0; });
  if (at_rest_ && runs_.empty() && !claiming && refusing_ == 0) std::exchange(at_rest_, nullptr)();
}

}  // namespace llmspool::spool
