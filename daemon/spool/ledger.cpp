// SPDX-License-Identifier: MIT
#include "spool/ledger.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace llmspool::spool {
namespace {

bool changes_state(const std::vector<job::Event>& events) {
  return std::ranges::any_of(events, [](const auto& event) {
    return event.type != "delta" && event.type != "progress" && event.type != "file";
  });
}

}  // namespace

Ledger::Ledger(store::Store& store, Hub& hub, Loop& loop,
               std::function<void(const job::Job&)> changed)
    : store_(store), hub_(hub), loop_(loop), changed_(std::move(changed)) {}

void Ledger::publish(const store::Applied& applied) {
  hub_.publish(applied.job, applied.events);
  log_.write(applied.job, applied.events);
  if (changes_state(applied.events)) loop_.post([this, job = applied.job] { changed_(job); });
  for (const auto& other : applied.others) publish(other);
}

template <class T>
store::Done<T> Ledger::on_loop(store::Done<T> done) {
  return [this, done = std::move(done)](Result<T> result) {
    // Shared, since a posted function must be copyable and a claim is heavy to copy.
    loop_.post([done, result = std::make_shared<Result<T>>(std::move(result))] {
      done(std::move(*result));
    });
  };
}

void Ledger::submit(store::Submission submission, store::Done<store::Submitted> done) {
  store_.submit(std::move(submission), [this, done = std::move(done)](auto result) {
    if (result) publish(result->applied);
    done(std::move(result));
  });
}

void Ledger::apply(job::JobId id, std::optional<job::Fence> fence,
                   std::vector<job::Command> commands, store::Done<store::Applied> done) {
  store_.apply(id, fence, std::move(commands), [this, done = std::move(done)](auto result) {
    if (result) publish(*result);
    done(std::move(result));
  });
}

void Ledger::remove(job::JobId id, store::Done<void> done) {
  store_.remove(id, [this, id, done = std::move(done)](auto result) {
    if (result) hub_.removed(id);
    done(std::move(result));
  });
}

void Ledger::apply_on_loop(job::JobId id, job::Fence fence, std::vector<job::Command> commands,
                           store::Done<store::Applied> done) {
  apply(id, fence, std::move(commands), on_loop(std::move(done)));
}

void Ledger::claim(const std::string& backend, const std::string& node, Time lease_until,
                   store::Done<std::optional<store::Claimed>> done) {
  store_.claim(backend, node, lease_until, [this, done = on_loop(std::move(done))](auto result) {
    if (result && *result) publish((*result)->applied);
    done(std::move(result));
  });
}

void Ledger::renew(const std::string& node, Time lease_until) {
  store_.renew(node, lease_until, [](const auto& result) {
    if (!result)
      log::warning("The leases of running jobs were not renewed: " + result.error().message);
  });
}

void Ledger::recover(const std::string& node, store::Done<void> done) {
  store_.recover(node, [this, done = on_loop(std::move(done))](auto result) {
    if (!result) return done(std::unexpected(result.error()));
    for (const auto& applied : *result) publish(applied);
    done({});
  });
}

void Ledger::wake(store::Done<std::optional<Time>> done) {
  store_.wake([this, done = on_loop(std::move(done))](auto result) {
    if (!result) return done(std::unexpected(result.error()));
    for (const auto& applied : result->expired) publish(applied);
    done(result->next);
  });
}

}  // namespace llmspool::spool
