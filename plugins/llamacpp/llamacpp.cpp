// SPDX-License-Identifier: MIT
// The llamacpp backend: runs GGUF models in this process with llama.cpp.
#include <llama.h>
#include <llmspool/plugin.hpp>

#include <utility>
#include <vector>

#include "log_route.hpp"
#include "model_keeper.hpp"
#include "model_store.hpp"
#include "sampling.hpp"
#include "settings.hpp"

namespace {

using namespace llmspool;
using namespace llmspool::llamacpp;

class LlamaCpp final : public Backend {
 public:
  LlamaCpp(Host host, Table config) : LlamaCpp(host, settings_from(config)) {}

  std::vector<Model> models() override {
    const auto loaded = keeper_.loaded();
    const auto files = store_.list();
    if (files.empty()) throw Failure(store_.why_empty());
    const auto default_id = store_.default_id(files);
    std::vector<Model> models;
    for (const auto& file : files) {
      const bool is_loaded = loaded && loaded->file == file;
      models.push_back({.id = file.id,
                        .size_bytes = file.size_bytes,
                        .context_tokens = is_loaded ? loaded->context_tokens : 0,
                        .loaded = is_loaded,
                        .is_default = file.id == default_id});
    }
    return models;
  }

  Verdict generate(const Request& request, const Run& run) override {
    return keeper_.use(store_.find(request.model()), run)->generate(request, run);
  }

  void stop() override { keeper_.clear(); }

 private:
  LlamaCpp(Host host, Settings settings)
      : log_route_(host),
        store_(settings.models, settings.default_model),
        keeper_(std::move(settings)) {
    llama_backend_init();
  }

  LogRoute log_route_;
  ModelStore store_;
  ModelKeeper keeper_;
};

constexpr PluginInfo kInfo{.id = "org.llmspool.llamacpp", .name = "llama.cpp", .version = "1.0.0"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo,
                backend<LlamaCpp>("llamacpp", "llama.cpp", "Runs GGUF models on this machine",
                                  {.concurrent = true,
                                   .options = setting_options(),
                                   .params = sampling_params()}));
