// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include <algorithm>

namespace llmspool::llamacpp {

namespace {

template <class Integer>
Integer integer(const Table& config, std::string_view key, Integer otherwise) {
  return static_cast<Integer>(config.number(key).value_or(otherwise));
}

}  // namespace

Settings settings_from(const Table& config) {
  Settings settings{.models = {},
                    .default_model = std::string(config.text("default_model").value_or("")),
                    .context_tokens = integer<uint32_t>(config, "context_tokens", 0),
                    .batch_tokens = integer<uint32_t>(config, "batch_tokens", 256),
                    .parallel = integer<uint32_t>(config, "parallel", 4),
                    .threads = integer<int32_t>(config, "threads", 0),
                    .gpu_layers = integer<int32_t>(config, "gpu_layers", -1)};
  for (const auto place : config.texts("models")) settings.models.emplace_back(place);
  if (settings.models.empty()) settings.models.emplace_back("/var/lib/llmspool/models");
  // Every sequence must be able to add its token to a batch.
  settings.batch_tokens = std::max(settings.batch_tokens, settings.parallel);
  return settings;
}

std::vector<Option> setting_options() {
  return {
      {"models", Type::text_list,
       "Folders with .gguf files, or such files; default: /var/lib/llmspool/models"},
      {"default_model", Type::text, "The model of jobs that name none; default: the first by name"},
      {"context_tokens", Type::integer,
       "Tokens of a prompt and its answer; 0, the default: the model's, at most 8192", 0, 1 << 20},
      {"threads", Type::integer,
       "Threads that compute; 0, the default: a core is left for the rest", 0, 512},
      {"batch_tokens", Type::integer,
       "Tokens computed in one go; more is faster for long prompts; default: 256", 1, 8192},
      {"parallel", Type::integer, "Generations computed side by side; default: 4", 1, 64},
      {"gpu_layers", Type::integer,
       "Layers kept on a GPU, where there is one; -1, the default: all", -1, 10000},
  };
}

}  // namespace llmspool::llamacpp
