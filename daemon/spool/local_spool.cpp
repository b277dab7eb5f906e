// SPDX-License-Identifier: MIT
#include "spool/local_spool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <tuple>

#include "spool/intake.hpp"

namespace llmspool::spool {
namespace {

constexpr Milliseconds kLookAheadDelay{300};

std::unexpected<Error> no_such_job(job::JobId id) {
  return fail(Code::not_found, fmt::format("There is no job {}.", id));
}

std::unexpected<Error> starting_or_stopping() {
  return fail(Code::unavailable, "The daemon is starting or stopping; try again in a moment.");
}

}  // namespace

double LocalSpool::random_share() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{}(generator);
}

LocalSpool::LocalSpool(const Parts& parts)
    : parts_(parts),
      forecast_(parts.store, parts.clock, parts.loop, parts.turns,
                [this](const std::string& backend) { return dispatcher_.begins_in(backend); }),
      hub_(
          parts_.store, [this](const job::Job& job) { return forecast_.of(job); },
          [this] { parts_.loop.post([this] { look_ahead(); }); }),
      ledger_(parts_.store, hub_, parts_.loop, [this](const job::Job& job) { on_change(job); }),
      context_{parts_.loop, parts_.workers, ledger_, parts_.plugins, parts_.clock, parts_.random},
      dispatcher_(context_, parts_.pipelines, switches_, parts_.rules, "local",
                  [this](const std::string& backend) { forecast_.add({.backend = backend}); }),
      caretaker_(parts_.loop, ledger_, parts_.retention) {
  for (const auto& backend : parts_.plugins.backends()) foresee(*backend);
}

void LocalSpool::foresee(const plugin::Backend& backend) {
  Forecast::Server server{.backend = backend.id(),
                          .concurrency = backend.concurrency(),
                          .default_model = dispatcher_.default_model(backend.id())};
  if (const auto own = parts_.rules.find(backend.id()); own != parts_.rules.end()) {
    server.requests_per_minute = own->second.requests_per_minute;
    server.model_concurrency = own->second.model_concurrency;
  }
  forecast_.add(std::move(server));
}

void LocalSpool::start(std::function<void(Result<void>)> ready) {
  auto switches = parts_.store.switches();
  parts_.loop.post([this, switches = std::move(switches), ready = std::move(ready)]() mutable {
    if (!switches) return ready(std::unexpected(std::move(switches).error()));
    switches_.replace(*std::move(switches));
    dispatcher_.start([this, ready = std::move(ready)](Result<void> started) {
      ready_ = started.has_value() && !stop_.stop_requested();
      ready(std::move(started));
      if (!ready_) return;
      caretaker_.start();
      parts_.workers.run([this] {
        forecast_.recall();
        forecast_.refresh();
      });
    });
  });
}

void LocalSpool::stop(Milliseconds grace, std::function<void()> at_rest) {
  stop_.request_stop();
  ready_ = false;
  parts_.loop.post([this, grace, at_rest = std::move(at_rest)]() mutable {
    caretaker_.stop();
    dispatcher_.stop(grace, std::move(at_rest));
  });
}

void LocalSpool::resume() {
  parts_.loop.post([this] { resume_on_loop({}); });
}

void LocalSpool::resume_on_loop(const std::string& backend) {
  dispatcher_.resume(backend);
  // Its models may have come only now.
  for (const auto& each : parts_.plugins.backends())
    if ((backend.empty() || each->id() == backend) && dispatcher_.default_model(each->id()).empty())
      ask_default_model(each);
}

void LocalSpool::ask_default_model(const std::shared_ptr<plugin::Backend>& backend) {
  parts_.workers.run([this, backend] {
    parts_.loop.post([this, backend, model = default_model_of(*backend)] {
      if (model.empty()) return;  // another that was asked meanwhile may have been told
      dispatcher_.tell_default_model(backend->id(), model);
      forecast_.tell_default_model(backend->id(), model);
    });
  });
}

void LocalSpool::on_change(const job::Job& job) {
  forecast_.on_change(job);
  dispatcher_.on_change(job);
  look_ahead();
  parts_.changed();
}

void LocalSpool::look_ahead() {
  if (looking_ahead_ || stop_.stop_requested()) return;
  looking_ahead_ = true;
  parts_.loop.after(kLookAheadDelay, [this] {
    if (stop_.stop_requested()) return;
    parts_.workers.run([this] {
      forecast_.refresh();
      hub_.look_ahead();
      parts_.loop.post([this] {
        looking_ahead_ = false;
        if (hub_.is_awaited()) look_ahead();
      });
    });
  });
}

void LocalSpool::submit(const Caller& caller, Submission submission, Done<store::Submitted> done) {
  if (!ready_) return done(starting_or_stopping());
  // A key is looked up on the disk, a model is asked for of its plugin.
  const bool blocks = !submission.idempotency_key.empty() || !submission.job.model.empty();
  if (!blocks) return accept(caller, std::move(submission), done);
  parts_.workers.run([this, caller, submission = std::move(submission), done]() mutable {
    if (auto known = replayed(caller, submission)) return done(*std::move(known));
    accept(caller, std::move(submission), done);
  });
}

void LocalSpool::accept(const Caller& caller, Submission submission, Done<store::Submitted> done) {
  auto taken = checked(caller, std::move(submission));
  if (!taken) return done(std::unexpected(std::move(taken).error()));
  ledger_.submit(*std::move(taken), std::move(done));
}

void LocalSpool::submit_all(const Caller& caller, std::vector<Submission> submissions,
                            Done<std::vector<Result<store::Submitted>>> done) {
  if (!ready_) return done(starting_or_stopping());
  using All = std::vector<Result<store::Submitted>>;
  std::vector<store::Submission> taken;
  std::vector<std::optional<Result<store::Submitted>>> known(submissions.size());
  for (std::size_t i = 0; i < submissions.size(); ++i) {
    known[i] = replayed(caller, submissions[i]);
    if (known[i]) continue;
    auto one = checked(caller, std::move(submissions[i]));
    if (one)
      taken.push_back(*std::move(one));
    else
      known[i] = std::unexpected(std::move(one).error());
  }
  ledger_.submit_all(std::move(taken), [known = std::move(known), done](Result<All> stored) {
    if (!stored) return done(std::move(stored));
    All all;
    std::size_t next = 0;
    all.reserve(known.size());
    for (const auto& one : known) {
      if (one)
        all.push_back(*one);
      else
        all.push_back(std::move((*stored)[next++]));
    }
    done(std::move(all));
  });
}

// The job that a request was answered with before. It is not judged anew: its deadline may have
// passed since.
std::optional<store::Submitted> LocalSpool::replayed(const Caller& caller,
                                                     const Submission& submission) const {
  if (submission.idempotency_key.empty()) return std::nullopt;
  const auto known = parts_.store.known_key(caller.owner, submission.idempotency_key);
  if (!known) return std::nullopt;  // the store will say so itself
  const auto& use = *known;
  if (!use || use->second != submission.fingerprint) return std::nullopt;
  return store::Submitted{{use->first, {}, {}}, true};
}

Result<store::Submission> LocalSpool::checked(const Caller& caller, Submission submission) const {
  LLMSPOOL_CHECK(check_accepting({}));
  LLMSPOOL_TRY(taken, take_in(caller, std::move(submission), parts_.plugins, *pipelines(),
                              parts_.input_bytes_max, parts_.clock.now()));
  LLMSPOOL_TRY(first, first_accepting(taken.job.backends));
  taken.job.backend = std::move(first);
  return taken;
}

Result<void> LocalSpool::check_accepting(const std::string& backend) const {
  if (!switches_.is_on(Switch::rejecting, backend)) return {};
  const auto what = backend.empty() ? "The queue" : "The backend " + backend;
  return fail(Code::unavailable,
              what + " takes no new jobs now, by an administrator's word. Try again later.");
}

// The first that takes new jobs; empty: there is none to choose from.
Result<std::string> LocalSpool::first_accepting(const std::vector<std::string>& backends) const {
  for (const auto& name : backends)
    if (!switches_.is_on(Switch::rejecting, name)) return name;
  if (backends.empty()) return std::string();
  LLMSPOOL_CHECK(check_accepting(backends.front()));
  return backends.front();  // which has just begun to
}

Result<job::Command> LocalSpool::checked_change(job::Job job, job::Change change) const {
  if (change.not_before) {
    job.not_before = *change.not_before;
    LLMSPOOL_CHECK(check_not_before(job, parts_.clock.now()));
  }
  if (!change.backends && !change.model) return change;
  const bool moves = change.backends && *change.backends != job.backends;
  if (moves) job.backends = *change.backends;
  if (change.model) job.model = *change.model;
  LLMSPOOL_CHECK(check_target(job, parts_.plugins));
  if (!moves) return change;
  LLMSPOOL_TRY(first, first_accepting(job.backends));
  change.backend = std::move(first);
  return change;
}

Result<job::Command> LocalSpool::checked_command(const job::Job& job, job::Command command) const {
  if (auto* change = std::get_if<job::Change>(&command))
    return checked_change(job, std::move(*change));
  if (auto* restart = std::get_if<job::Restart>(&command)) {
    LLMSPOOL_CHECK(check_accepting({}));
    LLMSPOOL_TRY(first, first_accepting(job.backends));
    restart->backend = std::move(first);
  }
  return command;
}

void LocalSpool::command(const Caller& caller, job::JobId id, job::Command command,
                         Done<job::Job> done) {
  parts_.workers.run([this, caller, id, command = std::move(command), done = std::move(done)] {
    auto job = get(caller, id);
    if (!job) return done(std::move(job));
    auto allowed = checked_command(*job, command);
    if (!allowed) return done(std::unexpected(std::move(allowed).error()));
    ledger_.apply(id, {}, {*std::move(allowed)}, [this, done](Result<store::Applied> applied) {
      if (!applied) return done(std::unexpected(std::move(applied).error()));
      if (job::ended(applied->job.status)) return done(std::move(applied->job));
      parts_.workers.run([this, done, job = std::move(applied->job)] {
        forecast_.refresh();  // its place may be another now
        done(job);
      });
    });
  });
}

void LocalSpool::remove(const Caller& caller, job::JobId id, Done<void> done) {
  parts_.workers.run([this, caller, id, done = std::move(done)] {
    const auto job = get(caller, id);
    if (!job) return done(std::unexpected(job.error()));
    cancel_and_remove(id, done);
  });
}

void LocalSpool::cancel_and_remove(job::JobId id, const Done<void>& done) {
  ledger_.apply(id, std::nullopt, {job::Cancel{}}, [this, id, done](const auto& cancelled) {
    // Where it has ended the cancel is refused, and the removal is what was wanted.
    if (!cancelled && cancelled.error().code != Code::conflict)
      return done(std::unexpected(cancelled.error()));
    ledger_.remove(id, [this, id, done](Result<void> removed) {
      const bool was_run_again = !removed && removed.error().code == Code::conflict;
      if (was_run_again) return cancel_and_remove(id, done);
      done(std::move(removed));
    });
  });
}

void LocalSpool::cancel_group(const Caller& caller, const std::string& owner,
                              const std::string& group, Done<void> done) {
  parts_.workers.run([this, caller, owner, group, done = std::move(done)] {
    if (const auto known = this->group(caller, owner, group); !known)
      return done(std::unexpected(known.error()));
    cancel_rest_of_group(owner, group, std::numeric_limits<job::JobId>::max(), done);
  });
}

void LocalSpool::cancel_rest_of_group(const std::string& owner, const std::string& group,
                                      job::JobId before, const Done<void>& done) {
  ledger_.cancel_group(owner, group, before, [=, this](Result<store::Batch> batch) {
    if (!batch) return done(std::unexpected(std::move(batch).error()));
    if (!batch->more) return done({});
    cancel_rest_of_group(owner, group, batch->last, done);
  });
}

void LocalSpool::set_switch(const Caller& caller, Switch what, const std::string& backend, bool on,
                            Done<void> done) {
  if (!caller.admin)
    return done(fail(Code::forbidden,
                     "Only root and members of the admin group may pause the queue, let it go on, "
                     "or have it refuse new jobs."));
  if (!backend.empty() && parts_.plugins.backend(backend) == nullptr)
    return done(fail(Code::not_found, fmt::format("There is no backend '{}'.", backend)));
  parts_.loop.post(
      [this, what, backend, on, done = std::move(done)] { flip(what, backend, on, done); });
}

// On the loop, and a pause holds before it is stored: no claim follows one that was confirmed.
void LocalSpool::flip(Switch what, const std::string& backend, bool on, const Done<void>& done) {
  const auto name = Switches::name(what, backend);
  switches_.ask(name, on);
  parts_.store.set_switch(name, on, [=, this](Result<void> stored) {
    // In one turn: nothing starts before who lets it is answered, who sees the backends as they
    // are.
    parts_.loop.post([=, this, stored = std::move(stored)] {
      switches_.answer(name, on, stored.has_value());
      if (stored && what == Switch::paused && !on)
        resume_on_loop(backend);
      else
        dispatcher_.on_switch();
      done(stored);
    });
  });
}

Result<job::Job> LocalSpool::get(const Caller& caller, job::JobId id) {
  LLMSPOOL_TRY(job, parts_.store.get(id));
  if (!caller.admin && job.owner != caller.owner) return no_such_job(id);
  if (!job::ended(job.status)) forecast_.refresh();
  return job;
}

Result<std::vector<job::Job>> LocalSpool::list(const Caller& caller, store::Filter filter) {
  if (!caller.admin) {
    if (filter.owner && *filter.owner != caller.owner) return std::vector<job::Job>{};
    filter.owner = caller.owner;
  }
  LLMSPOOL_TRY(jobs, parts_.store.list(filter));
  if (std::ranges::any_of(jobs, [](const auto& job) { return !job::ended(job.status); }))
    forecast_.refresh();
  return jobs;
}

Result<std::vector<store::FileInfo>> LocalSpool::files(const Caller& caller, job::JobId id) {
  LLMSPOOL_CHECK(get(caller, id));
  return parts_.store.files(id);
}

Result<job::File> LocalSpool::file(const Caller& caller, job::JobId id, const std::string& name) {
  LLMSPOOL_CHECK(get(caller, id));
  return parts_.store.file(id, name);
}

Result<std::vector<store::Group>> LocalSpool::groups(const Caller& caller,
                                                     std::optional<std::string> owner,
                                                     std::size_t limit) {
  if (!caller.admin) {
    if (owner && *owner != caller.owner) return std::vector<store::Group>{};
    owner = caller.owner;
  }
  return parts_.store.groups(owner, limit);
}

Result<store::Group> LocalSpool::group(const Caller& caller, const std::string& owner,
                                       const std::string& name) {
  if (!caller.admin && owner != caller.owner)
    return fail(Code::not_found, "There is no group '" + name + "'.");
  return parts_.store.group(owner, name);
}

std::vector<QueueState::Backend> LocalSpool::backends() const {
  std::vector<QueueState::Backend> backends;
  for (auto& lane : dispatcher_.states()) {
    const auto& id = lane.backend;
    backends.push_back({.id = id,
                        .paused = switches_.is_on(Switch::paused, id),
                        .accepting = !switches_.is_on(Switch::rejecting, id),
                        .running = lane.running,
                        .concurrency = lane.concurrency,
                        .waiting = forecast_.waiting(id),
                        .circuit = lane.circuit,
                        .circuit_until = lane.circuit_until,
                        .resting_until = lane.resting_until,
                        .stopped_reason = std::move(lane.stopped_reason),
                        .mean_seconds = forecast_.mean_seconds(id)});
  }
  return backends;
}

Result<void> LocalSpool::takes_jobs() {
  if (!ready_) return starting_or_stopping();
  LLMSPOOL_CHECK(check_accepting({}));
  return parts_.store.room();
}

Result<QueueState> LocalSpool::queue() {
  forecast_.refresh();
  LLMSPOOL_TRY(counts, parts_.store.counts());
  const auto takes = takes_jobs();
  const bool rejecting = switches_.is_on(Switch::rejecting);
  return QueueState{.paused = paused(),
                    .accepting = takes.has_value(),
                    .reason = takes || rejecting ? std::string() : takes.error().message,
                    .jobs = counts,
                    .backends = backends()};
}

// The newest that wait for a time or for other jobs; those that may start first at the front.
Result<void> LocalSpool::add_those_not_ready(const Caller& caller, std::size_t limit,
                                             std::vector<job::Job>& jobs) {
  LLMSPOOL_TRY(pending, list(caller, {.statuses = {job::Status::pending}, .limit = limit}));
  const Time now = parts_.clock.now();
  std::set<job::JobId> listed;
  for (const job::Job& job : jobs) listed.insert(job.id);
  std::erase_if(pending, [&](const job::Job& job) {
    return waits_its_turn(job, now) || listed.contains(job.id);
  });
  std::ranges::sort(pending, {}, [&](const job::Job& job) {
    return std::tuple(!job.after.empty(), job::earliest_start(job, now).value_or(now), job.id);
  });
  pending.resize(std::min(pending.size(), limit - jobs.size()));
  std::ranges::move(pending, std::back_inserter(jobs));
  return {};
}

Result<std::vector<job::Job>> LocalSpool::upcoming(const Caller& caller, std::size_t limit) {
  LLMSPOOL_TRY(jobs, list(caller, {.statuses = {job::Status::processing}, .limit = limit}));
  forecast_.refresh();
  const auto owner = caller.admin ? std::nullopt : std::optional(caller.owner);
  for (const auto id : forecast_.order(owner)) {
    if (jobs.size() >= limit) break;
    auto job = parts_.store.get(id);
    if (job && job->status == job::Status::pending) jobs.push_back(*std::move(job));
  }
  if (jobs.size() < limit) LLMSPOOL_CHECK(add_those_not_ready(caller, limit, jobs));
  return jobs;
}

Result<std::shared_ptr<std::ifstream>> LocalSpool::backup(const Caller& caller) {
  if (!caller.admin)
    return fail(Code::forbidden, "Only root and members of the admin group may take a backup.");
  return parts_.store.backup(stop_.get_token());
}

}  // namespace llmspool::spool
