// SPDX-License-Identifier: MIT
// A backend that answers as chance has it: in its own time, in pieces, not at all, with any
// verdict, deaf to being cancelled.
#pragma once

#include "calls.hpp"
#include "random.hpp"
#include "virtual_time.hpp"

namespace llmspool::simulation {

// That a job of the simulation asks for, until its first text or between two pieces of it.
inline constexpr std::chrono::seconds kTimeoutMax{10};

class SimulatedBackend final : public plugin::Backend {
 public:
  // All outlive it.
  SimulatedBackend(std::string id, const config::Backend& rules, VirtualTime& time, Random& random,
                   Calls& calls)
      : id_(std::move(id)), rules_(rules), time_(time), random_(random), calls_(calls) {}

  const std::string& id() const override { return id_; }
  const std::string& name() const override { return id_; }
  const std::string& description() const override { return id_; }
  int concurrency() const override { return rules_.concurrency; }
  const std::vector<plugin::Parameter>& params() const override { return params_; }
  Result<std::vector<plugin::Model>> models() const override;
  plugin::Ending generate(const plugin::GenerateRequest& request, plugin::Sink& sink) override;

  bool fails = true;  // now and then

 private:
  plugin::Ending answer(CallAt call, plugin::Sink& sink);
  plugin::Ending some_ending();
  void say(CallAt call, plugin::Sink& sink, int piece, int pieces);
  void fall_silent(const plugin::Sink& sink);

  const std::string id_;
  const config::Backend& rules_;
  VirtualTime& time_;
  Random& random_;
  Calls& calls_;
  std::vector<plugin::Parameter> params_;
  int answers_ = 0;
};

}  // namespace llmspool::simulation
