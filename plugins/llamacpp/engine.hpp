// SPDX-License-Identifier: MIT
// A loaded model at work: one thread computes the tokens of all its generations together, each a
// sequence of its own in one context. New ones join and finished ones leave between two batches.
#pragma once

#include <llama-common/common.h>
#include <llama-cpp.h>
#include <llmspool/plugin.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "batch.hpp"
#include "generation.hpp"
#include "loaded_model.hpp"
#include "settings.hpp"

namespace llmspool::llamacpp {

class Engine {
 public:
  // Loads the model. Throws a Failure if that does not work or `progress` gave up.
  Engine(const ModelFile& file, const Settings& settings, const LoadedModel::Progress& progress);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // [any] Blocks until the answer is whole.
  Verdict generate(const Request& request, const Run& run);

  const ModelFile& file() const { return model_.file(); }
  uint32_t context_tokens() const { return context_tokens_; }

 private:
  // A generation that has a place in the context.
  struct Slot {
    llama_seq_id sequence;
    std::shared_ptr<Generation> generation;
    std::size_t computed = 0;  // of the generation's tokens, those that the context holds
    std::size_t in_batch = 0;  // those that follow and are in the batch
    int32_t row = -1;          // the batch's row that the next token comes from, or -1

    std::size_t pending() const { return generation->tokens().size() - computed; }
  };

  void work();
  void release_ended();
  bool admit();
  void fill_batch();
  void add_to_batch(Slot& slot);
  void compute();
  int32_t decode();
  void rewind(Slot& slot);

  const LoadedModel model_;
  const uint32_t context_tokens_;  // of one sequence
  const int32_t threads_;
  // Set to stop a computation half-way: something was cancelled, or the engine stops.
  std::atomic<bool> interrupted_ = false;
  common_threadpools threadpools_;
  const llama_context_ptr context_;

  // Only the engine's thread uses these.
  Batch batch_;
  std::vector<Slot> slots_;  // in the order in which they came
  std::vector<llama_seq_id> free_sequences_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Generation>> waiting_;  // guarded by mutex_
  bool stopping_ = false;                            // guarded by mutex_
  std::thread thread_;
};

}  // namespace llmspool::llamacpp
