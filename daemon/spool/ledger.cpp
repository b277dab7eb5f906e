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
               std::function<void(const job::Job&)> changed, std::function<void()> stored)
    : store_(store),
      hub_(hub),
      loop_(loop),
      changed_(std::move(changed)),
      stored_(std::move(stored)) {}

void Ledger::publish(std::span<const store::Applied> all) {
  std::vector<job::Job> changed;
  for (const auto& applied : all) show(applied, changed);
  if (changed.empty()) return;
  stored_();
  Changed told;
  {
    const std::scoped_lock lock(mutex_);
    if (open_) {
      open_->insert(open_->end(), std::make_move_iterator(changed.begin()),
                    std::make_move_iterator(changed.end()));
      return;
    }
    told = open_ = std::make_shared<std::vector<job::Job>>(std::move(changed));
  }
  loop_.post([this, told] {
    close(told);
    for (const auto& job : *told) changed_(job);
  });
}

// Nothing is added to these any more; without any, to those that are open.
void Ledger::close(const Changed& changed) {
  const std::scoped_lock lock(mutex_);
  if (!changed || open_ == changed) open_.reset();
}

void Ledger::show(const store::Applied& applied, std::vector<job::Job>& changed) {
  hub_.publish(applied.job, applied.events);
  log_.write(applied.job, applied.events);
  if (changes_state(applied.events)) changed.push_back(applied.job);
  for (const auto& other : applied.others) show(other, changed);
}

template <class T>
store::Done<T> Ledger::on_loop(store::Done<T> done) {
  return [this, done = std::move(done)](Result<T> result) {
    close({});
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

void Ledger::submit_all(std::vector<store::Submission> submissions,
                        store::Done<std::vector<Result<store::Submitted>>> done) {
  store_.submit_all(std::move(submissions), [this, done = std::move(done)](auto result) {
    if (result) {
      std::vector<store::Applied> all;
      for (const auto& submitted : *result)
        if (submitted && !submitted->replayed) all.push_back(submitted->applied);
      publish(all);
    }
    done(std::move(result));
  });
}

void Ledger::cancel_group(const std::string& owner, const std::string& group, job::JobId after,
                          store::Done<store::Batch> done) {
  store_.cancel_group(owner, group, after, [this, done = std::move(done)](auto result) {
    if (result) publish(result->applied);
    done(std::move(result));
  });
}

void Ledger::claim(store::Claim claim, store::Done<std::vector<store::Claimed>> done) {
  store_.claim(std::move(claim), [this, done = on_loop(std::move(done))](auto result) {
    if (result)
      for (const auto& claimed : *result) publish(claimed.applied);
    done(std::move(result));
  });
}

void Ledger::divert(const std::string& backend, std::vector<std::string> others,
                    store::Done<bool> done) {
  store_.divert(backend, std::move(others), [this, done = on_loop(std::move(done))](auto result) {
    if (!result) return done(std::unexpected(result.error()));
    publish(result->applied);
    done(result->more);
  });
}

void Ledger::retain(const store::Retention& retention, store::Done<bool> done) {
  store_.retain(retention, [this, done = on_loop(std::move(done))](auto result) {
    if (!result) return done(std::unexpected(result.error()));
    for (const job::JobId id : result->removed) hub_.removed(id);
    done(result->more);
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
    publish(*result);
    done({});
  });
}

void Ledger::wake(store::Done<std::optional<Time>> done) {
  store_.wake([this, done = on_loop(std::move(done))](auto result) {
    if (!result) return done(std::unexpected(result.error()));
    publish(result->expired);
    done(result->next);
  });
}

}  // namespace llmspool::spool
