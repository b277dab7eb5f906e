// SPDX-License-Identifier: MIT
// One backend and what it does now: how many jobs it may be given, and why none. Of the loop alone.
#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "config/config.hpp"
#include "job/turn.hpp"
#include "plugin/backend.hpp"
#include "spool/circuit.hpp"
#include "spool/slots.hpp"

namespace llmspool::spool {

// A job that was cancelled and started again may have a run whose plugin has not returned yet
// beside its new one.
using RunKey = std::pair<job::JobId, job::Fence>;

// Which model a backend gives to jobs that name none; empty: it cannot tell now. Blocks for the
// plugin.
std::string default_model_of(const plugin::Backend& backend);

class Lane {
 public:
  Lane(std::shared_ptr<plugin::Backend> backend, const config::Backend& rules, Loop& loop);

  plugin::Backend& backend() const { return *backend_; }
  const std::shared_ptr<plugin::Backend>& shared_backend() const { return backend_; }
  const config::Backend& rules() const { return rules_; }
  // Of jobs that name none; empty: it could not be told yet.
  const std::string& default_model() const { return default_model_; }
  void tell_default_model(std::string model) { default_model_ = std::move(model); }
  Slots& slots() { return slots_; }

  // How many jobs may be claimed for it now.
  int room();
  // How long it takes none whatever happens: its circuit is open, or it rests. Zero: that is not
  // so.
  Milliseconds wait();
  // Whether its waiting jobs had better go to another of their backends.
  bool is_down() const {
    return !stopped_reason.empty() || circuit_state() == Circuit::State::open;
  }
  // Whether it may take those of others: not while it is only being tried, unless nothing else
  // comes to try it.
  bool is_up() const;
  Circuit::State circuit_state() const { return circuit_.state(loop_.uptime()); }
  Milliseconds circuit_wait() const { return circuit_.wait(loop_.uptime()); }
  // It asked to be left alone, or a minute's requests or tokens are used up.
  Milliseconds rest();
  job::Models models() const;

  // A claim has found nothing.
  void found_nothing() { lacks_trial_ = circuit_state() == Circuit::State::half_open && !trial_; }
  void begin(const job::Job& job);
  void end(const job::Job& job);
  // The run tries the half-open circuit no longer, though its plugin may not have returned yet.
  // Whether it did until now.
  bool end_trial(const RunKey& run);
  // How a generation of a run ended, how many requests beyond its first it was and how many tokens
  // it took. Whether the circuit has opened by it.
  bool answered(const RunKey& run, const plugin::Ending& ending, std::int64_t more_requests,
                std::int64_t tokens);
  // As if it had been given all at `at` that a minute allows.
  void spend_all(Milliseconds at) { pace_.charge_all(at); }
  // It asked to be left alone, and that time is not over.
  bool asks_for_patience() const { return rests_until_ > loop_.uptime(); }
  // A person says that it is fine.
  void resume();

  std::atomic<int> running = 0;  // read by any thread
  int claiming = 0;              // claims that the store has not answered
  bool poked = false;            // a job may have become ready since the last claim was sent
  bool claim_posted = false;     // the loop will look soon
  std::optional<Milliseconds> claim_timed{};  // or then, when wait() is over
  bool was_up = true;                         // when that was last looked at
  std::string stopped_reason;  // by an answer of its plugin, until a person resumes it

 private:
  const std::shared_ptr<plugin::Backend> backend_;
  const config::Backend rules_;
  Loop& loop_;
  std::string default_model_;
  Pace pace_;
  Slots slots_;
  Circuit circuit_;
  std::optional<RunKey> trial_;  // tries the half open circuit
  bool lacks_trial_ = false;     // and no job waits for the backend that could
  Milliseconds rests_until_{0};
  // As the jobs ask for them.
  std::map<std::string, int> running_models_;
  std::optional<std::string> last_model_;
};

}  // namespace llmspool::spool
