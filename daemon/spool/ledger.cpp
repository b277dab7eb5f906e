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

// What the store answers, published by `publish` if it is no error.
template <class T, class Publish>
store::Done<T> Ledger::on_loop(Publish publish, store::Done<T> done) {
  return [this, publish, done = std::move(done)](Result<T> result) mutable {
    answer([publish, done = std::move(done), result = std::move(result)]() mutable {
      if constexpr (std::is_void_v<T>) {
        if (result) publish();
      } else {
        if (result) publish(*result);
      }
      done(std::move(result));
    });
  };
}

void Ledger::answer(Answer answer) {
  {
    const std::scoped_lock lock(mutex_);
    answers_.push_back(std::move(answer));
    if (answers_.size() > 1) return;
  }
  loop_.post([this] { answer_all(); });
}

void Ledger::answer_all() {
  std::vector<Answer> answers;
  {
    const std::scoped_lock lock(mutex_);
    answers.swap(answers_);
  }
  for (Answer& each : answers) each();
}

void Ledger::publish(const store::Applied& applied) {
  if (changes_state(applied.events)) changed_(applied.job);
  hub_.publish(applied.job, applied.events);
  log_.write(applied.job, applied.events);
  publish(applied.others);
}

void Ledger::publish(const std::vector<store::Applied>& all) {
  for (const store::Applied& applied : all) publish(applied);
}

void Ledger::submit(store::Submission submission, store::Done<store::Submitted> done) {
  const auto show = [this](const store::Submitted& submitted) { publish(submitted.applied); };
  store_.submit(std::move(submission), on_loop(show, std::move(done)));
}

void Ledger::submit_all(std::vector<store::Submission> submissions,
                        store::Done<std::vector<Result<store::Submitted>>> done) {
  const auto show = [this](const std::vector<Result<store::Submitted>>& all) {
    for (const auto& submitted : all)
      if (submitted) publish(submitted->applied);
  };
  store_.submit_all(std::move(submissions), on_loop(show, std::move(done)));
}

void Ledger::apply(job::JobId id, std::optional<job::Fence> fence,
                   std::vector<job::Command> commands, store::Done<store::Applied> done) {
  const auto show = [this](const store::Applied& applied) { publish(applied); };
  store_.apply(id, fence, std::move(commands), on_loop(show, std::move(done)));
}

void Ledger::remove(job::JobId id, store::Done<void> done) {
  store_.remove(id, on_loop([this, id] { hub_.removed(id); }, std::move(done)));
}

void Ledger::cancel_group(const std::string& owner, const std::string& group, job::JobId before,
                          store::Done<store::Batch> done) {
  const auto show = [this](const store::Batch& batch) { publish(batch.applied); };
  store_.cancel_group(owner, group, before, on_loop(show, std::move(done)));
}

void Ledger::claim(store::Claim claim, store::Done<std::vector<store::Claimed>> done) {
  const auto show = [this](const std::vector<store::Claimed>& all) {
    for (const auto& claimed : all) publish(claimed.applied);
  };
  store_.claim(std::move(claim), on_loop(show, std::move(done)));
}

void Ledger::divert(const std::string& backend, std::vector<std::string> others, job::JobId after,
                    store::Done<store::Batch> done) {
  const auto show = [this](const store::Batch& batch) { publish(batch.applied); };
  store_.divert(backend, std::move(others), after, on_loop(show, std::move(done)));
}

void Ledger::retain(const store::Retention& retention, store::Done<store::Store::Retained> done) {
  const auto show = [this](const store::Store::Retained& retained) {
    for (const job::JobId id : retained.removed) hub_.removed(id);
  };
  store_.retain(retention, on_loop(show, std::move(done)));
}

void Ledger::renew(const std::string& node, Time lease_until) {
  store_.renew(node, lease_until, [](const auto& result) {
    if (!result)
      log::warning("The leases of running jobs were not renewed: " + result.error().message);
  });
}

void Ledger::recover(const std::string& node, store::Done<store::Store::Recovered> done) {
  const auto show = [this](const store::Store::Recovered& recovered) {
    publish(recovered.interrupted);
  };
  store_.recover(node, on_loop(show, std::move(done)));
}

void Ledger::wake(store::Done<store::Store::Woken> done) {
  const auto show = [this](const store::Store::Woken& woken) { publish(woken.ended); };
  store_.wake(on_loop(show, std::move(done)));
}

}  // namespace llmspool::spool
