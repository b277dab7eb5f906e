// SPDX-License-Identifier: MIT
#include "spool/local_spool.hpp"

#include <fmt/format.h>

#include "spool/intake.hpp"

namespace llmspool::spool {
namespace {

std::unexpected<Error> no_such_job(job::JobId id) {
  return fail(Code::not_found, fmt::format("There is no job {}.", id));
}

}  // namespace

LocalSpool::LocalSpool(const Parts& parts)
    : parts_(parts),
      hub_(parts_.store),
      ledger_(parts_.store, hub_, parts_.loop,
              [this](const job::Job& job) {
                dispatcher_.on_change(job);
                parts_.changed();
              }),
      context_{parts_.loop, parts_.workers, ledger_, parts_.plugins, parts_.clock},
      dispatcher_(context_, parts_.pipelines, "local") {}

void LocalSpool::start(std::function<void(Result<void>)> ready) {
  parts_.loop.post([this, ready = std::move(ready)]() mutable {
    dispatcher_.start([this, ready = std::move(ready)](Result<void> started) {
      ready_ = started.has_value() && !stopping_;
      ready(std::move(started));
    });
  });
}

void LocalSpool::stop(Milliseconds grace, std::function<void()> at_rest) {
  stopping_ = true;
  ready_ = false;
  parts_.loop.post([this, grace, at_rest = std::move(at_rest)]() mutable {
    dispatcher_.stop(grace, std::move(at_rest));
  });
}

void LocalSpool::resume() {
  parts_.loop.post([this] { dispatcher_.resume(); });
}

void LocalSpool::submit(const Caller& caller, Submission submission, Done<store::Submitted> done) {
  if (!ready_)
    return done(
        fail(Code::unavailable, "The daemon is starting or stopping; try again in a moment."));
  auto taken =
      take_in(caller, std::move(submission), parts_.plugins, *pipelines(), parts_.clock.now());
  if (!taken) return done(std::unexpected(std::move(taken).error()));
  ledger_.submit(*std::move(taken), std::move(done));
}

void LocalSpool::command(const Caller& caller, job::JobId id, job::Command command,
                         Done<job::Job> done) {
  parts_.workers.run([this, caller, id, command = std::move(command), done = std::move(done)] {
    if (auto job = get(caller, id); !job) return done(std::move(job));
    ledger_.apply(id, std::nullopt, {command}, [done](Result<store::Applied> applied) {
      if (!applied) return done(std::unexpected(std::move(applied).error()));
      done(std::move(applied->job));
    });
  });
}

void LocalSpool::remove(const Caller& caller, job::JobId id, Done<void> done) {
  parts_.workers.run([this, caller, id, done = std::move(done)] {
    const auto job = get(caller, id);
    if (!job) return done(std::unexpected(job.error()));
    // If it has ended meanwhile the cancel is refused, and the removal is what was wanted.
    if (!job::ended(job->status))
      ledger_.apply(id, std::nullopt, {job::Cancel{}}, [](const auto&) {});
    ledger_.remove(id, done);
  });
}

Result<job::Job> LocalSpool::get(const Caller& caller, job::JobId id) {
  LLMSPOOL_TRY(job, parts_.store.get(id));
  if (!caller.admin && job.owner != caller.owner) return no_such_job(id);
  return job;
}

Result<std::vector<job::Job>> LocalSpool::list(const Caller& caller, store::Filter filter) {
  if (!caller.admin) {
    if (filter.owner && *filter.owner != caller.owner) return std::vector<job::Job>{};
    filter.owner = caller.owner;
  }
  return parts_.store.list(filter);
}

Result<std::vector<store::FileInfo>> LocalSpool::files(const Caller& caller, job::JobId id) {
  LLMSPOOL_CHECK(get(caller, id));
  return parts_.store.files(id);
}

Result<job::File> LocalSpool::file(const Caller& caller, job::JobId id, const std::string& name) {
  LLMSPOOL_CHECK(get(caller, id));
  return parts_.store.file(id, name);
}

}  // namespace llmspool::spool
