// SPDX-License-Identifier: MIT
#include "spool/history.hpp"

namespace llmspool::spool {
namespace {

constexpr double kWeightOfNewest = 0.2;

std::string key_of(const std::string& backend, const std::string& model,
                   const std::string& pipeline) {
  return backend + '\0' + model + '\0' + pipeline;
}

}  // namespace

void History::learn(const job::Job& job, Milliseconds took) {
  if (job.status != job::Status::completed || job.fence != 1) return;
  const double seconds = std::chrono::duration<double>(took).count();
  if (seconds < 0) return;  // the clock was set back
  for (const auto& key : {key_of(job.backend, job.model, job.pipeline), job.backend}) {
    const auto [at, is_first] = seconds_.try_emplace(key, seconds);
    if (!is_first) at->second += kWeightOfNewest * (seconds - at->second);
  }
}

std::optional<double> History::expected(const std::string& backend, const std::string& model,
                                        const std::string& pipeline) const {
  const auto known = seconds_.find(key_of(backend, model, pipeline));
  return known == seconds_.end() ? expected(backend) : std::optional(known->second);
}

std::optional<double> History::expected(const std::string& backend) const {
  const auto known = seconds_.find(backend);
  return known == seconds_.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace llmspool::spool
