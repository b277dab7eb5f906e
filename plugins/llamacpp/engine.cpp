// SPDX-License-Identifier: MIT
#include "engine.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "log_route.hpp"

namespace llmspool::llamacpp {

namespace {

// Where the configuration sets none: what CV-sized work needs, and what fits into a small machine.
constexpr int32_t kContextTokensMax = 8192;
// llama.cpp rounds the size of a context up to a multiple of this.
constexpr uint32_t kContextTokensStep = 256;

constexpr uint64_t kSmallModelBytes = 64U << 20U;

// Results of decode(): the first is llama.cpp's, the second is no result of its.
constexpr int32_t kDecodeAborted = 2;
constexpr int32_t kDecodeThrew = -1000;

uint32_t context_tokens_of(const llama_model* model, uint32_t configured) {
  if (configured > 0) return configured;
  return static_cast<uint32_t>(std::min(llama_model_n_ctx_train(model), kContextTokensMax));
}

// The threads wait for each other after every operation, spinning: one of them without a core makes
// all of them many times slower, so a core is left for the rest of the machine. What a small model
// computes between two waits is less than a wait costs.
int32_t threads_of(const llama_model* model, int32_t configured) {
  if (configured > 0) return configured;
  if (llama_model_size(model) < kSmallModelBytes) return 1;
  return std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency()) - 1);
}

llama_context_ptr make_context(llama_model* model, uint32_t context_tokens, int32_t threads,
                               const Settings& settings, std::atomic<bool>& interrupted) {
  auto params = llama_context_default_params();
  const auto steps = (context_tokens + kContextTokensStep - 1) / kContextTokensStep;
  params.n_ctx = steps * kContextTokensStep * settings.parallel;
  params.n_seq_max = settings.parallel;
  params.n_batch = settings.batch_tokens;
  params.n_ubatch = settings.batch_tokens;
  params.n_outputs_max = settings.parallel;
  params.n_threads = threads;
  params.n_threads_batch = threads;
  params.abort_callback_data = &interrupted;
  params.abort_callback = [](void* flag) {
    return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_relaxed);
  };
  llama_context_ptr context(llama_init_from_model(model, params));
  if (!context)
    throw Failure("Cannot make a context of " + std::to_string(settings.parallel) + " times " +
                      std::to_string(context_tokens) + " tokens: " + LogRoute::last_error(),
                  Verdict::retry_later);
  return context;
}

}  // namespace

Engine::Engine(const ModelFile& file, const Settings& settings,
               const LoadedModel::Progress& progress)
    : model_(file, settings.gpu_layers, progress),
      context_tokens_(context_tokens_of(model_.get(), settings.context_tokens)),
      threads_(threads_of(model_.get(), settings.threads)),
      context_(make_context(model_.get(), context_tokens_, threads_, settings, interrupted_)),
      batch_(settings.batch_tokens) {
  // Threads that wait asleep between two batches, and not a new set of threads for each.
  common_params params;
  params.cpuparams.n_threads = threads_;
  params.cpuparams.poll = 0;
  params.cpuparams_batch = params.cpuparams;
  threadpools_.init(context_.get(), params);

  for (auto sequence = static_cast<llama_seq_id>(settings.parallel); sequence > 0;)
    free_sequences_.push_back(--sequence);
  thread_ = std::thread([this] { work(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  interrupted_ = true;
  wake_.notify_one();
  thread_.join();
}

Verdict Engine::generate(const Request& request, const Run& run) {
  auto sampling = sampling_from(request.params());
  auto prompt = model_.prompt(request.messages(), sampling.thinking);
  const auto generation =
      std::make_shared<Generation>(model_, std::move(prompt), std::move(sampling), context_tokens_);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(generation);
  }
  wake_.notify_one();
  const auto verdict = generation->follow(run);
  if (verdict == Verdict::cancelled) {
    generation->cancel();
    interrupted_ = true;
  }
  return verdict;
}

void Engine::work() {
  LogRoute::quieten_this_thread();
  while (admit()) {
    fill_batch();
    compute();
    for (auto& slot : slots_)
      if (slot.row >= 0) slot.generation->sample(context_.get(), slot.row);
    // In this order: what is cancelled after it was looked at interrupts the next batch.
    interrupted_ = false;
    release_ended();
  }
}

// Waits for work and gives generations their places. False once the engine stops.
bool Engine::admit() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stopping_ || !slots_.empty() || !waiting_.empty(); });
  while (!waiting_.empty() && !free_sequences_.empty()) {
    slots_.push_back({.sequence = free_sequences_.back(), .generation = waiting_.front()});
    free_sequences_.pop_back();
    waiting_.pop_front();
    slots_.back().generation->admit();
  }
  return !stopping_;
}

// Whoever writes an answer gets a token into every batch; prompts share the room that is left.
void Engine::fill_batch() {
  batch_.clear();
  for (auto& slot : slots_)
    if (slot.pending() == 1) add_to_batch(slot);
  for (auto& slot : slots_)
    if (slot.pending() > 1) add_to_batch(slot);
}

void Engine::add_to_batch(Slot& slot) {
  const auto& tokens = slot.generation->tokens();
  slot.in_batch = std::min(slot.pending(), batch_.room());
  slot.row = -1;
  for (std::size_t i = slot.computed; i < slot.computed + slot.in_batch; ++i) {
    const bool last = i + 1 == tokens.size();
    const auto row = batch_.add(tokens[i], i, slot.sequence, last);
    if (last) slot.row = row;
  }
}

void Engine::compute() {
  const int32_t result = decode();
  for (auto& slot : slots_) {
    if (result == 0) {
      slot.computed += slot.in_batch;
      slot.generation->computed(slot.computed);
      continue;
    }
    slot.row = -1;
    if (result == kDecodeAborted)
      rewind(slot);
    else
      slot.generation->fail(
          Failure("llama.cpp cannot compute: " + LogRoute::last_error(), Verdict::retry_later));
  }
}

// As llama_decode(), but without exceptions.
int32_t Engine::decode() {
  try {
    return llama_decode(context_.get(), batch_.get());
  } catch (const std::exception&) {
    return kDecodeThrew;
  }
}

// Brings the context back to what was computed before a batch that was given up half-way. A model
// whose state cannot be wound back begins again with the sequence's first token.
void Engine::rewind(Slot& slot) {
  auto* memory = llama_get_memory(context_.get());
  const auto end = static_cast<llama_pos>(slot.computed);
  if (llama_memory_seq_rm(memory, slot.sequence, end, -1)) return;
  llama_memory_seq_rm(memory, slot.sequence, -1, -1);
  slot.computed = 0;
}

void Engine::release_ended() {
  std::erase_if(slots_, [&](const Slot& slot) {
    if (!slot.generation->ended() && !slot.generation->cancelled()) return false;
    llama_memory_seq_rm(llama_get_memory(context_.get()), slot.sequence, -1, -1);
    free_sequences_.push_back(slot.sequence);
    return true;
  });
}

}  // namespace llmspool::llamacpp
