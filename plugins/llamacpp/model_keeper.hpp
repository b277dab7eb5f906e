// SPDX-License-Identifier: MIT
// Keeps one model loaded: the one that was used last. Another takes its place as soon as nobody
// uses it; who comes while somebody waits for that waits behind.
#pragma once

#include <llmspool/plugin.hpp>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include "engine.hpp"
#include "model_store.hpp"
#include "settings.hpp"

namespace llmspool::llamacpp {

// [any]
class ModelKeeper {
 public:
  explicit ModelKeeper(Settings settings);

  // The file's engine, which stays as long as the result lives. Loads the file if need be. Throws a
  // Failure if it cannot be loaded or the run is cancelled.
  std::shared_ptr<Engine> use(const ModelFile& file, const Run& run);

  struct Loaded {
    ModelFile file;
    uint32_t context_tokens;
  };
  std::optional<Loaded> loaded() const;

  // Frees the model. Nobody may be using it.
  void clear();

 private:
  void release();

  const Settings settings_;
  std::timed_mutex turn_;     // held while a model is taken into use, however long that takes
  mutable std::mutex mutex_;  // held for moments only
  std::condition_variable idle_;
  std::unique_ptr<Engine> engine_;  // guarded by mutex_
  std::size_t users_ = 0;           // guarded by mutex_
};

}  // namespace llmspool::llamacpp
