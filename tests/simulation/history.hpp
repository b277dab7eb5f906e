// SPDX-License-Identifier: MIT
// One history: some lives of a daemon on one disk, with what its clients, its plugins, its clock
// and its disk do to it; and an end in which nothing fails any more and everything must come to
// rest. The same seed makes the same history.
#pragma once

#include <optional>

#include "clients.hpp"
#include "simulated_backend.hpp"
#include "simulated_optimizer.hpp"
#include "simulated_store.hpp"

namespace llmspool::simulation {

class History {
 public:
  // Both outlive it.
  History(std::uint64_t seed, Disk& disk, const pipeline::Current& pipelines);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void run();

 private:
  // What one process of the daemon consists of.
  struct Life {
    Life(History& history);
    std::unique_ptr<plugin::Registry> plugins;
    SimulatedStore store;
    spool::LocalSpool spool;
    std::optional<Result<void>> started{};
    bool at_rest = false;
  };

  config::Backend some_rules(int concurrency_max);
  void make_backend(const std::string& name, int concurrency_max);
  void begin_life();
  void crash();
  void stop();
  void act();
  void pass(Milliseconds time);
  void come_to_rest();
  bool all_have_ended() const;

  Disk& disk_;
  const pipeline::Current& pipelines_;
  Random random_;
  VirtualTime time_;
  Calls calls_;
  job::TurnRules turns_;
  store::Retention retention_;
  Witness witness_;
  Clients clients_;
  std::map<std::string, config::Backend> rules_;
  std::vector<std::shared_ptr<SimulatedBackend>> backends_;
  const std::shared_ptr<SimulatedOptimizer> optimizer_;
  std::unique_ptr<Life> life_;
  Milliseconds clock_set_at_ = -std::chrono::hours(1);
};

}  // namespace llmspool::simulation
