// SPDX-License-Identifier: MIT
// An optimizer that works on a prompt as chance has it: it may ask the backend, take its time,
// fail, and want people or patience.
#pragma once

#include "plugin/optimizer.hpp"
#include "random.hpp"
#include "virtual_time.hpp"

namespace llmspool::simulation {

// How a prompt begins that it makes: for itself, and for the answer.
inline constexpr std::string_view kOwnPrompt = "How? ", kOptimizedPrompt = "Better: ";
// What it says of itself; no backend is to be stopped for it.
inline constexpr std::string_view kOptimizersTrouble = "The optimizer is in trouble.";

class SimulatedOptimizer final : public plugin::Optimizer {
 public:
  // Both outlive it.
  SimulatedOptimizer(VirtualTime& time, Random& random) : time_(time), random_(random) {}

  const std::string& id() const override { return id_; }
  const std::string& name() const override { return id_; }
  const std::string& description() const override { return id_; }
  const std::vector<plugin::Parameter>& params() const override { return params_; }
  plugin::Ending process(const plugin::OptimizeRequest& request, plugin::Sink& sink,
                         const plugin::Generate& generate, plugin::OptimizeResult& result) override;

  bool fails = true;  // now and then

 private:
  plugin::Ending some_trouble();

  const std::string id_ = "opt";
  VirtualTime& time_;
  Random& random_;
  std::vector<plugin::Parameter> params_;
};

}  // namespace llmspool::simulation
