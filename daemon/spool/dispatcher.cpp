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
constexpr std::chrono::seconds kWakeMax{30};  // wall clocks are set now and then, and a sleep
                                              // of the machine counts for them alone

// One that has been interrupted too often has failed, and says so itself.
void tell_interrupted(const std::vector<store::Applied>& interrupted) {
  const auto count = std::ranges::count_if(
      interrupted, [](const auto& each) { return !job::ended(each.job.status); });
  if (count > 0)
    log::warning(fmt::format("The daemon ended before {} could be put back: {} now.",
                             count == 1 ? "a running job" : fmt::format("{} running jobs", count),
                             count == 1 ? "it goes on" : "they go on"));
}

}  // namespace

Dispatcher::Dispatcher(RunContext& context, const pipeline::Current& pipelines,
                       const Switches& switches,
                       const std::map<std::string, config::Backend>& rules, std::string node,
                       std::function<void(const std::string& backend)> missed)
    : context_(context),
      pipelines_(pipelines),
      switches_(switches),
      node_(std::move(node)),
      prompt_(std::make_shared<const pipeline::Definition>(pipeline::prompt_definition())),
      missed_(std::move(missed)) {
  for (const auto& backend : context_.plugins.backends()) {
    const auto own = rules.find(backend->id());
    Lane& lane =
        lanes_
            .try_emplace(backend->id(), backend,
                         own == rules.end() ? config::Backend() : own->second, context_.loop)
            .first->second;
    show(lane);
  }
}

void Dispatcher::start(std::function<void(Result<void>)> ready) {
  context_.ledger.recover(node_, [this, ready = std::move(ready)](const auto& recovered) {
    if (!recovered) return ready(std::unexpected(recovered.error()));
    recovered_ = true;
    tell_interrupted(recovered->interrupted);
    if (recovered->leased_until) spend_until(*recovered->leased_until);
    for (auto& [name, lane] : lanes_) look_at(lane);
    for (const auto& backend : recovered->awaited) miss_if_gone(backend);
    wake();
    poke_all();
    ready({});
  });
}

// What an earlier life asked of the backends in its last minute is not remembered: as if it had
// been all that a minute allows.
void Dispatcher::spend_until(Time end) {
  const Time now = context_.clock.now();
  const Milliseconds ago = now - std::min(end, now);
  for (auto& [name, lane] : lanes_) lane.spend_all(context_.loop.uptime() - ago);
}

void Dispatcher::miss_if_gone(const std::string& backend) {
  if (lanes_.contains(backend) || !missing_.insert(backend).second) return;
  missed_(backend);
  log::warning(
      fmt::format("Jobs wait for the backend {0}, which is not there: put its plugin back, "
                  "or give them another ('llmspool list --status pending --backend {0}' "
                  "shows them, 'llmspool move' moves them).",
                  backend),
      {{"BACKEND", backend}});
  {
    const std::scoped_lock lock(shown_mutex_);
    shown_.try_emplace(
        backend,
        LaneState{.backend = backend, .stopped_reason = "It is not there: no plugin offers it."});
  }
  divert(backend);
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
       ++at) {
    const bool is_its_own = job.fence == at->first.second;
    if (is_its_own && job.status == job::Status::processing) continue;
    if (!is_its_own || job::ended(job.status)) at->second->abandon();
    for (auto& [name, lane] : lanes_)
      if (lane.end_trial(at->first)) poke(lane);
  }
  const bool waits = job.status == job::Status::pending || job.status == job::Status::held;
  const auto start = job::earliest_start(job, context_.clock.now());
  // It may have come during the commit. A pause that is still to begin is over, since the clock was
  // set back: the store is to find that out too.
  if (waits && (start || job.pause)) wake_at(start.value_or(context_.clock.now()));
  if (!job::ended(job.status) && job.deadline) wake_at(*job.deadline);
  // An ended job may have been the last that another waited for, on whatever backend and until
  // whatever time.
  if (job::ended(job.status)) return stopping_ ? void() : wake();
  if (job.status != job::Status::pending) return;
  if (recovered_) miss_if_gone(job.backend);
  divert(job.backend, job.id - 1);
  if (const auto lane = lanes_.find(job.backend); lane != lanes_.end()) poke(lane->second);
}

void Dispatcher::on_switch() {
  for (auto& [name, lane] : lanes_) look_at(lane);
  poke_all();
}

void Dispatcher::resume(const std::string& backend) {
  for (auto& [name, lane] : lanes_) {
    if (!backend.empty() && name != backend) continue;
    lane.resume();
    look_at(lane);
  }
  poke_all();
}

std::vector<LaneState> Dispatcher::states() const {
  const std::scoped_lock lock(shown_mutex_);
  std::vector<LaneState> states;
  for (const auto& [name, state] : shown_) {
    states.push_back(state);
    if (const auto lane = lanes_.find(name); lane != lanes_.end())
      states.back().running = lane->second.running;
    if (state.circuit == Circuit::State::open && state.circuit_until <= context_.clock.now())
      states.back().circuit = Circuit::State::half_open;
  }
  return states;
}

std::optional<Milliseconds> Dispatcher::begins_in(const std::string& backend) const {
  if (is_paused(backend)) return std::nullopt;
  const std::scoped_lock lock(shown_mutex_);
  const auto lane = shown_.find(backend);
  if (lane == shown_.end() || !lane->second.stopped_reason.empty()) return std::nullopt;
  const Time now = context_.clock.now();
  Time begin = now;
  for (const auto& until : {lane->second.circuit_until, lane->second.resting_until})
    begin = std::max(begin, until.value_or(now));
  return begin - now;
}

void Dispatcher::look_at(Lane& lane) {
  show(lane);
  const bool was_up = std::exchange(lane.was_up, is_up(lane.backend().id()));
  if (!lane.was_up || was_up) return;
  divert_all();
  poke(lane);
}

void Dispatcher::show(Lane& lane) {
  const Time now = context_.clock.now();
  LaneState state{.backend = lane.backend().id(),
                  .concurrency = lane.backend().concurrency(),
                  .circuit = lane.circuit_state(),
                  .stopped_reason = lane.stopped_reason};
  if (const auto wait = lane.circuit_wait(); wait > Milliseconds(0))
    state.circuit_until = now + wait;
  if (const auto rest = lane.rest(); rest > Milliseconds(0)) state.resting_until = now + rest;
  const std::scoped_lock lock(shown_mutex_);
  shown_.insert_or_assign(state.backend, std::move(state));
}

void Dispatcher::poke_all() {
  for (auto& [name, lane] : lanes_) poke(lane);
}

void Dispatcher::poke(Lane& lane) {
  if (std::exchange(lane.claim_posted, true)) return;
  context_.loop.post([this, &lane] {
    lane.claim_posted = false;
    claim(lane);
  });
}

bool Dispatcher::takes_jobs(const Lane& lane) const {
  return recovered_ && !stopping_ && lane.stopped_reason.empty() && !is_paused(lane.backend().id());
}

void Dispatcher::claim(Lane& lane) {
  if (!takes_jobs(lane)) return;
  if (const auto wait = lane.wait(); wait > Milliseconds(0)) {
    look_at(lane);
    return claim_after(lane, wait);
  }
  const int room = lane.room();
  if (room <= 0) {
    lane.poked = true;
    return;
  }
  lane.claiming += room;
  lane.poked = false;
  store::Claim claim{.backend = lane.backend().id(),
                     .node = node_,
                     .lease_until = context_.clock.now() + kLease,
                     .limit = static_cast<std::size_t>(room),
                     .models = lane.models()};
  context_.ledger.claim(std::move(claim), [this, &lane, room](auto claimed) {
    on_claimed(lane, room, std::move(claimed));
  });
}

void Dispatcher::claim_after(Lane& lane, Milliseconds wait) {
  const Milliseconds due = context_.loop.uptime() + wait;
  if (lane.claim_timed && *lane.claim_timed <= due) return;
  lane.claim_timed = due;
  context_.loop.after(wait, [this, &lane, due] {
    if (lane.claim_timed != due) return;  // an earlier look has been timed since
    lane.claim_timed.reset();
    look_at(lane);
    claim(lane);
  });
}

void Dispatcher::on_claimed(Lane& lane, int asked, Result<std::vector<store::Claimed>> claimed) {
  lane.claiming -= asked;
  if (!claimed) {
    log::error(fmt::format("No job can be taken for {}: {}", lane.backend().id(),
                           claimed.error().message));
    context_.loop.after(kClaimRetry, [this, &lane] { claim(lane); });
  } else {
    const bool more = std::cmp_equal(claimed->size(), asked);
    if (claimed->empty()) lane.found_nothing();
    for (auto& job : *claimed) run(lane, std::move(job));
    if (lane.circuit_state() != Circuit::State::closed) look_at(lane);
    if (more || std::exchange(lane.poked, false)) poke(lane);
  }
  rest_if_done();
}

void Dispatcher::run(Lane& lane, store::Claimed claimed) {
  const job::Job job = claimed.applied.job;  // the run takes the rest
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
    auto inputs = pipeline::present_inputs(*definition, claimed.request.inputs);
    if (!inputs)
      return refuse(job, fmt::format("The pipeline '{}' now requires the input '{}', which the job "
                                     "does not have.",
                                     job.pipeline, inputs.error()));
    claimed.request.inputs = *std::move(inputs);
  }
  for (const auto& optimization : claimed.request.optimizers)
    if (context_.plugins.optimizer(optimization.name) == nullptr)
      return refuse(job, fmt::format("The optimizer '{}' is no longer there.", optimization.name));
  lane.begin(job);
  // Not make_shared: a timer that still knows of an ended run would keep all its memory.
  const std::shared_ptr<JobRun> run(new JobRun(
      context_, std::move(claimed), std::move(definition), lane.shared_backend(), lane.slots(),
      JobRun::Callbacks{
          .ended = [this, &lane, key, begun = job] { on_ended(lane, key, begun); },
          .stop_backend = [this, &lane](const std::string& reason) { stop_backend(lane, reason); },
          .answered = [this, &lane,
                       key](const auto& answered) { on_answered(lane, key, answered); },
          .is_up = [this](const std::string& backend) { return is_up(backend); },
          .may_take = [this](const std::string& backend) { return may_take(backend); }},
      lane.rules()));
  runs_[key] = run;
  if (stopping_)
    run->drain();  // it has begun nothing, so it is put back at once
  else if (lane.is_down() || lane.asks_for_patience())
    run->decline(fmt::format("Waiting, since {} takes no jobs now", job.backend));
  else
    run->begin();
  keep_leases();
}

void Dispatcher::refuse(const job::Job& job, const std::string& why) {
  ++refusing_;
  const job::Fail fail{
      {.code = "gone", .detail = why, .step = {}, .attempt = job.attempt, .retryable = true}};
  context_.ledger.apply(job.id, job.fence, {fail}, [this, job, why](const auto& refused) {
    --refusing_;
    if (!refused && !claim_is_gone(refused.error()) && !stopping_)
      context_.loop.after(kClaimRetry, [this, job, why] { refuse(job, why); });
    rest_if_done();
  });
}

void Dispatcher::on_ended(Lane& lane, const RunKey& key, const job::Job& job) {
  // Later, since the run that tells us is on the stack.
  context_.loop.post([this, &lane, key, job] {
    runs_.erase(key);
    lane.end(job);
    poke(lane);
    rest_if_done();
  });
}

void Dispatcher::stop_backend(Lane& lane, const std::string& reason) {
  lane.stopped_reason = reason;
  look_at(lane);
  const auto& name = lane.backend().id();
  log::error(fmt::format("The backend {0} takes no more jobs: {1}{2} When that is mended, run "
                         "'llmspool resume {0}' or reload the daemon.",
                         name, reason, reason.ends_with('.') ? "" : "."),
             {{"BACKEND", name}, {"MESSAGE_ID", std::string(message_ids::kBackendStopped)}});
  divert(name);
}

void Dispatcher::on_answered(Lane& lane, const RunKey& run, const JobRun::Answered& answered) {
  const bool opened = lane.answered(run, answered.ending, answered.more_requests, answered.tokens);
  look_at(lane);
  if (lane.circuit_state() == Circuit::State::half_open) poke(lane);  // for another trial
  if (!opened) return;
  const auto& name = lane.backend().id();
  log::warning(fmt::format("The backend {} keeps failing and is left alone for {} s: {}", name,
                           std::chrono::ceil<std::chrono::seconds>(lane.circuit_wait()).count(),
                           answered.ending.message),
               {{"BACKEND", name}, {"MESSAGE_ID", std::string(message_ids::kBackendRests)}});
  divert(name);
  poke(lane);  // for when that is over: the run may not have returned until then
}

bool Dispatcher::is_paused(const std::string& backend) const {
  return switches_.is_on(Switch::paused) || switches_.is_on(Switch::paused, backend);
}

bool Dispatcher::is_down(const std::string& backend) const {
  const auto lane = lanes_.find(backend);
  return lane == lanes_.end() || lane->second.is_down();
}

bool Dispatcher::may_take(const std::string& backend) const {
  return lanes_.contains(backend) && !switches_.is_on(Switch::rejecting, backend);
}

bool Dispatcher::is_up(const std::string& backend) const {
  return may_take(backend) && lanes_.at(backend).is_up() &&
         !switches_.is_on(Switch::paused, backend);
}

void Dispatcher::divert_all() {
  for (const auto& [name, lane] : lanes_) divert(name);
  for (const auto& name : missing_) divert(name);
}

void Dispatcher::divert(const std::string& backend, job::JobId after) {
  if (stopping_ || !is_down(backend)) return;
  if (const auto under_way = diverting_.find(backend); under_way != diverting_.end()) {
    under_way->second = std::min(under_way->second.value_or(after), after);
    return;
  }
  std::vector<std::string> others;
  for (const auto& [name, lane] : lanes_)
    if (name != backend && is_up(name)) others.push_back(name);
  if (others.empty()) return;
  diverting_.emplace(backend, std::nullopt);
  context_.ledger.divert(
      backend, std::move(others), after,
      [this, backend, after](const auto& batch) { on_diverted(backend, after, batch); });
}

void Dispatcher::on_diverted(const std::string& backend, job::JobId after,
                             const Result<store::Batch>& batch) {
  const auto asked = diverting_.extract(backend).mapped();  // for meanwhile
  if (!batch) {
    log::warning("Waiting jobs were not diverted: " + batch.error().message);
    const auto again = std::min(asked.value_or(after), after);
    context_.loop.after(kClaimRetry, [this, backend, again] { divert(backend, again); });
    return;
  }
  if (batch->more)
    divert(backend, std::min(asked.value_or(batch->last), batch->last));
  else if (asked)
    divert(backend, *asked);
}

// A look serves all that asks for one before it is carried out.
void Dispatcher::wake() {
  if (waking_) {
    wake_again_ = true;
    return;
  }
  waking_ = true;
  wake_again_ = false;
  context_.ledger.wake([this](const auto& woken) {
    waking_ = false;
    if (!woken) {
      log::error("Delayed jobs cannot be woken: " + woken.error().message);
      divert_all();  // it may have been about to tell of jobs for a backend that is down
      wake_at(context_.clock.now() + kClaimRetry);
      return;
    }
    if (woken->next) wake_at(*woken->next);
    for (const auto& [backend, id] : woken->ready) {
      miss_if_gone(backend);
      divert(backend, id - 1);
    }
    poke_all();
    if (wake_again_ && !stopping_) wake();
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
