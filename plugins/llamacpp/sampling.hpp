// SPDX-License-Identifier: MIT
// A job's params, as llama.cpp wants them.
#pragma once

#include <llama-common/sampling.h>
#include <llmspool/plugin.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace llmspool::llamacpp {

struct Sampling {
  common_params_sampling sampler;
  std::size_t tokens_max;  // 0: as many as the context holds
  std::vector<std::string> stops;
  bool thinking;  // whether a model that can think before it answers shall
};

// Throws a Failure if the JSON schema cannot be used.
Sampling sampling_from(const Table& params);

// The params that sampling_from() reads besides those every backend takes, for the descriptor.
std::vector<Option> sampling_params();

}  // namespace llmspool::llamacpp
