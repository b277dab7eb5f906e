// SPDX-License-Identifier: MIT
// One answer in the making. The engine's thread takes its tokens, computes and adds tokens; the
// thread that asked for it hands on what has come. They share nothing but the news, under a mutex.
#pragma once

#include <llama-common/sampling.h>
#include <llama.h>
#include <llmspool/plugin.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loaded_model.hpp"
#include "sampling.hpp"
#include "text_stream.hpp"

namespace llmspool::llamacpp {

class Generation {
 public:
  // `model` must outlive it. Throws a Failure if the prompt leaves no room for an answer.
  Generation(const LoadedModel& model, Prompt prompt, Sampling sampling,
             std::size_t context_tokens);

  // The asking thread's side.

  // Hands on everything up to the end and gives or throws the outcome. Returns at once when the run
  // is cancelled; the engine then drops the generation when it next looks.
  Verdict follow(const Run& run);
  void cancel() { cancelled_ = true; }

  // The engine's side.

  // It has a place in the batches from now on.
  void admit();
  // The prompt's tokens and, after them, the answer's so far.
  const std::vector<llama_token>& tokens() const { return tokens_; }
  // The first `count` tokens have been computed.
  void computed(std::size_t count);
  // Chooses the next token from the given output row of the context.
  void sample(llama_context* context, int32_t row);
  void fail(const Failure& failure);
  bool cancelled() const { return cancelled_; }
  bool ended() const { return ended_; }

 private:
  // What has come since the asking thread last looked, and how far the work is.
  struct News {
    std::string text;
    bool admitted = false;
    std::size_t prompt_done = 0, completion_tokens = 0;
    const char* finish_reason = nullptr;  // set at a good end
    std::optional<Failure> failure;       // set at a bad one
  };

  void tell(const std::string& text, const char* finish_reason);
  template <class Change>
  void publish(Change change);
  News wait_for_news();

  const LoadedModel& model_;
  const std::set<llama_token> visible_;
  const std::size_t prompt_size_, answer_max_;
  const bool limited_;  // by the job, not by the context
  std::vector<llama_token> tokens_;
  common_sampler_ptr sampler_;
  TextStream text_;
  bool ended_ = false;
  std::atomic<bool> cancelled_ = false;

  std::mutex mutex_;
  std::condition_variable has_news_;
  News news_;         // guarded by mutex_
  bool new_ = false;  // guarded by mutex_
};

}  // namespace llmspool::llamacpp
