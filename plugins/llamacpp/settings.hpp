// SPDX-License-Identifier: MIT
// The options of one [backends.NAME] table, as values.
#pragma once

#include <llmspool/plugin.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace llmspool::llamacpp {

struct Settings {
  std::vector<std::filesystem::path> models;
  std::string default_model;
  uint32_t context_tokens;  // of one sequence; 0: the model's, within reason
  uint32_t batch_tokens;
  uint32_t parallel;
  int32_t threads;     // 0: as many as suit the model and the machine
  int32_t gpu_layers;  // negative: all
};

Settings settings_from(const Table& config);

// The options that settings_from() reads, for the descriptor.
std::vector<Option> setting_options();

}  // namespace llmspool::llamacpp
