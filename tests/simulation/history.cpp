// SPDX-License-Identifier: MIT
#include "history.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/log.hpp"
#include "store/sqlite/several.hpp"

namespace llmspool::simulation {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Test;

namespace {

job::TurnRules some_turns(Random& random) {
  return {.aging = random.chance(50) ? Milliseconds(seconds(2)) : Milliseconds(minutes(1)),
          .affinity = random.chance(30) ? Milliseconds(0) : random.up_to(seconds(30))};
}

store::Retention some_retention(Random& random) {
  store::Retention retention;
  if (random.chance(20)) retention.age = minutes(2);
  if (random.chance(20)) retention.content_age = minutes(1);
  if (random.chance(20)) retention.jobs_max = 5;
  return retention;
}

// Few enough that the followers of a job are told in parts, or as many as in the daemon.
std::size_t some_told_at_once(Random& random) {
  return random.chance(50) ? static_cast<std::size_t>(1 + random.pick(3)) : sqlite::kBatch;
}

}  // namespace

History::History(std::uint64_t seed, Disk& disk, const pipeline::Current& pipelines)
    : disk_(disk),
      pipelines_(pipelines),
      random_(seed),
      turns_(some_turns(random_)),
      retention_(some_retention(random_)),
      witness_(time_, calls_, disk_.database(), turns_, retention_.content_age.has_value()),
      clients_(time_, random_, witness_),
      optimizer_(std::make_shared<SimulatedOptimizer>(time_, random_)) {
  disk_.clear();
  disk_.fails = random_.chance(30);
  disk_.slow = random_.chance(50);
  make_backend("quick", 3);
  make_backend("slow", 1);
}

History::~History() {
  if (life_) crash();
}

config::Backend History::some_rules(int concurrency_max) {
  config::Backend rules;
  rules.concurrency = 1 + random_.pick(concurrency_max);
  if (random_.chance(30)) rules.model_concurrency["b"] = 1;
  if (random_.chance(30)) rules.model_concurrency["a"] = 1 + random_.pick(2);
  if (random_.chance(30)) rules.requests_per_minute = 3 + random_.pick(10);
  if (random_.chance(20)) rules.tokens_per_minute = 20;
  rules.circuit_failures = random_.pick(4);
  rules.circuit_rest = seconds(5);
  if (random_.chance(40)) rules.first_token_timeout = seconds(5);
  if (random_.chance(40)) rules.token_timeout = seconds(5);
  if (random_.chance(40)) rules.step_timeout = seconds(30);
  return rules;
}

void History::make_backend(const std::string& name, int concurrency_max) {
  const auto& rules = rules_.emplace(name, some_rules(concurrency_max)).first->second;
  backends_.push_back(std::make_shared<SimulatedBackend>(name, rules, time_, random_, calls_));
}

History::Life::Life(History& history)
    : plugins(plugin::Registry::of({history.backends_.begin(), history.backends_.end()},
                                   {history.optimizer_})),
      store(history.disk_, history.time_, history.random_, history.witness_,
            {.waiting_max = 1000,
             .owner_waiting_max = 100,
             .turns = history.turns_,
             .told_at_once = some_told_at_once(history.random_)}),
      spool({.store = store,
             .loop = history.time_,
             .workers = history.time_,
             .plugins = *plugins,
             .pipelines = history.pipelines_,
             .clock = history.time_,
             .random = [&random = history.random_] { return random.share(); },
             .rules = history.rules_,
             .turns = history.turns_,
             .retention = history.retention_}) {}

void History::begin_life() {
  log::info("The daemon is started");
  witness_.daemon_died();
  if (time_.uptime() - clock_set_at_ < minutes(2)) calls_.forget_minute();
  life_ = std::make_unique<Life>(*this);
  witness_.compare_with(life_->store);
  life_->spool.start([this](Result<void> started) { life_->started = std::move(started); });
  clients_.followers().come_back(life_->spool.hub());
}

void History::crash() {
  log::info("The daemon dies");
  clients_.followers().leave();
  time_.kill();
  EXPECT_TRUE(calls_.none_run());
  life_.reset();
}

void History::stop() {
  log::info("The daemon is stopped");
  const Milliseconds grace = random_.up_to(seconds(10));
  // Before that the jobs of an earlier life may still be as it left them.
  const bool has_recovered = life_->started.has_value();
  life_->spool.stop(grace, [this, has_recovered] {
    life_->at_rest = true;
    EXPECT_TRUE(calls_.none_run()) << "at rest while a plugin works";
    for (const auto& [id, seen] : witness_.jobs())
      EXPECT_TRUE(!has_recovered || seen.job.status != job::Status::processing)
          << "job " << id << " is not put back";
  });
  const Milliseconds end = time_.uptime() + grace + seconds(15);
  while (!life_->at_rest && time_.step(end)) {
  }
  // The disk or a plugin may take too long; the daemon leaves all the same.
  crash();
}

void History::pass(Milliseconds time) {
  const Milliseconds end = time_.uptime() + time;
  while (!Test::HasFailure() && time_.step(end)) clients_.followers().look();
  time_.pass(end - time_.uptime());
}

void History::act() {
  const int what = random_.pick(100);
  if (what < 3) return crash();
  if (what < 5) return stop();
  if (what < 7) {
    witness_.clock_was_set();
    // What was asked for in the minute before a restart is known by the clock alone.
    clock_set_at_ = time_.uptime();
    if (!life_->started) calls_.forget_minute();
    const auto by = random_.up_to(minutes(20)) - Milliseconds(minutes(10));
    log::info(fmt::format("The clock is set by {} s", by.count() / 1000));
    return time_.set_clock(by);
  }
  clients_.act(life_->spool);
}

void History::run() {
  const int actions = 10 + random_.pick(30);
  for (int i = 0; i < actions && !Test::HasFailure(); ++i) {
    if (life_ && life_->started && !*life_->started) crash();
    if (!life_) begin_life();
    act();
    if (life_ && random_.chance(80))
      pass(random_.up_to(random_.chance(10) ? seconds(30) : Milliseconds(500)));
  }
  if (!life_) begin_life();
  if (!Test::HasFailure()) come_to_rest();
}

bool History::all_have_ended() const {
  return std::ranges::all_of(witness_.jobs(),
                             [](const auto& job) { return job::ended(job.second.job.status); });
}

// Nothing fails any more.
void History::come_to_rest() {
  log::info("Nothing fails any more");
  disk_.fails = disk_.slow = false;
  for (const auto& backend : backends_) backend->fails = false;
  optimizer_->fails = false;
  pass(minutes(1));
  if (!life_->started || !*life_->started) {
    crash();
    begin_life();
    pass(minutes(1));
  }
  clients_.followers().leave();  // they would have the daemon look ahead for hours
  clients_.let_go(life_->spool);
  const Milliseconds end = time_.uptime() + hours(12);
  while (!all_have_ended() && time_.uptime() < end && !Test::HasFailure()) {
    clients_.look_after(life_->spool);
    pass(minutes(1));
    witness_.check_deadlines(minutes(1));
  }
  pass(minutes(15));  // what is deaf to being cancelled ends too
  for (const auto& [id, seen] : witness_.jobs()) {
    EXPECT_TRUE(job::ended(seen.job.status))
        << "job " << id << " is " << job::to_string(seen.job.status) << " for ever, on "
        << seen.job.backend;
  }
  EXPECT_TRUE(calls_.none_run());
  EXPECT_EQ(time_.working(), 0);
  while (!life_->store.idle() && time_.step()) {  // the caretaker may be at work
  }
  for (const auto& backend : life_->spool.backends()) EXPECT_EQ(backend.running, 0) << backend.id;
  witness_.compare_with(life_->store);
}

}  // namespace llmspool::simulation
