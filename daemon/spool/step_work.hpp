// SPDX-License-Identifier: MIT
// What a running step does on a worker's thread: optimizers, a backend, and nothing of the queue.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/plan.hpp"
#include "plugin/registry.hpp"
#include "spool/step_call.hpp"

namespace llmspool::spool {

// All that a step needs, by value, since the thread outlives a job that is abandoned.
struct StepWork {
  job::JobId job_id = 0;
  int attempt = 1;
  std::string model;
  pipeline::Step::Kind kind = pipeline::Step::Kind::generate;
  std::string step;
  std::vector<job::Message> messages;
  std::map<std::string, std::string> documents;
  boost::json::object params;  // for the backend
  std::shared_ptr<plugin::Backend> backend;
  std::shared_ptr<plugin::Optimizer> optimizer;  // of an optimizer step, and its params
  boost::json::object optimizer_params;
  // Work on the prompt before the backend sees it, in order.
  std::vector<std::pair<std::shared_ptr<plugin::Optimizer>, boost::json::object>> on_prompt;
};

struct StepOutcome {
  plugin::Ending ending{};
  plugin::OptimizeResult optimized{};  // of an optimizer step
  // The backend's last word, whoever had asked it; none: it was not asked. An optimizer that fails
  // after it says nothing about the backend.
  std::optional<plugin::Ending> answer{};

  // Whether it ended as it did because of the backend.
  bool is_backends() const { return answer && answer->verdict == ending.verdict; }
  // In the backend's own words where it is the backend's doing, whatever an optimizer made of them.
  const plugin::Ending& cause() const { return answer && is_backends() ? *answer : ending; }
};

// Blocks until the step has ended. Never throws.
StepOutcome do_step(StepWork work, StepCall& call) noexcept;

}  // namespace llmspool::spool
