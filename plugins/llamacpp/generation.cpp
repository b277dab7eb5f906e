// SPDX-License-Identifier: MIT
#include "generation.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace llmspool::llamacpp {

namespace {

// How often a waiting thread looks whether its run is cancelled.
constexpr auto kPollInterval = std::chrono::milliseconds(20);

std::size_t room_for_answer(std::size_t prompt_tokens, std::size_t context_tokens) {
  if (prompt_tokens < context_tokens) return context_tokens - prompt_tokens;
  throw Failure::invalid("The prompt has " + std::to_string(prompt_tokens) +
                         " tokens, but at most " + std::to_string(context_tokens - 1) +
                         " fit into the model's context");
}

std::vector<std::string> joined(std::vector<std::string> some,
                                const std::vector<std::string>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

common_sampler_ptr make_sampler(const LoadedModel& model, common_params_sampling& params) {
  try {
    return common_sampler_ptr(common_sampler_init(model.get(), params));
  } catch (const std::exception& problem) {
    throw Failure::invalid(std::string("The params do not make a sampler: ") + problem.what());
  }
}

}  // namespace

Generation::Generation(const LoadedModel& model, Prompt prompt, Sampling sampling,
                       std::size_t context_tokens)
    : model_(model),
      visible_(std::move(prompt.visible)),
      prompt_size_(prompt.tokens.size()),
      answer_max_(std::min(
          room_for_answer(prompt_size_, context_tokens),
          sampling.tokens_max > 0 ? sampling.tokens_max : std::numeric_limits<std::size_t>::max())),
      limited_(sampling.tokens_max > 0),
      tokens_(std::move(prompt.tokens)),
      sampler_(make_sampler(model, sampling.sampler)),
      text_(joined(std::move(sampling.stops), prompt.stops), std::move(prompt.thought_tags),
            prompt.opens_thoughts) {}

Verdict Generation::follow(const Run& run) {
  bool waits = false;
  std::size_t prompt_done = 0, completion_tokens = 0;
  run.usage(prompt_size_, 0);
  for (;;) {
    const News news = wait_for_news();
    if (run.cancelled()) return Verdict::cancelled;
    if (!news.admitted && !std::exchange(waits, true)) run.progress(Phase::wait, 0, 0);
    if (news.admitted && std::exchange(waits, false)) run.progress(Phase::prompt, 0, prompt_size_);
    if (news.prompt_done > prompt_done) {
      prompt_done = news.prompt_done;
      run.progress(Phase::prompt, prompt_done, prompt_size_);
    }
    if (!news.text.empty()) run.emit(news.text);
    if (news.completion_tokens > completion_tokens) {
      completion_tokens = news.completion_tokens;
      run.usage(prompt_size_, completion_tokens);
      run.progress(Phase::generate, completion_tokens, limited_ ? answer_max_ : 0);
    }
    if (news.failure) throw Failure(*news.failure);
    if (news.finish_reason != nullptr) {
      run.finish_reason(news.finish_reason);
      return Verdict::done;
    }
  }
}

void Generation::admit() {
  publish([&] { news_.admitted = true; });
}

void Generation::computed(std::size_t count) {
  if (count <= prompt_size_) publish([&] { news_.prompt_done = count; });
}

void Generation::sample(llama_context* context, int32_t row) {
  try {
    const auto token = common_sampler_sample(sampler_.get(), context, row);
    common_sampler_accept(sampler_.get(), token, true);
    if (model_.ends_answer(token)) return tell(text_.rest(), "stop");
    tokens_.push_back(token);
    const std::string text = text_.add(model_.piece(token, visible_));
    if (text_.stopped()) return tell(text, "stop");
    if (tokens_.size() - prompt_size_ == answer_max_) return tell(text + text_.rest(), "length");
    tell(text, nullptr);
  } catch (const std::exception& problem) {
    fail(Failure(std::string("The answer broke off: ") + problem.what()));
  }
}

void Generation::fail(const Failure& failure) {
  ended_ = true;
  publish([&] { news_.failure = failure; });
}

// A finish reason ends the generation.
void Generation::tell(const std::string& text, const char* finish_reason) {
  ended_ = finish_reason != nullptr;
  publish([&] {
    news_.text += text;
    news_.completion_tokens = tokens_.size() - prompt_size_;
    news_.finish_reason = finish_reason;
  });
}

template <class Change>
void Generation::publish(Change change) {
  {
    const std::lock_guard lock(mutex_);
    change();
    new_ = true;
  }
  has_news_.notify_one();
}

// Gives what is known already if nothing new comes for a moment.
Generation::News Generation::wait_for_news() {
  std::unique_lock lock(mutex_);
  has_news_.wait_for(lock, kPollInterval, [&] { return std::exchange(new_, false); });
  News news = news_;
  news_.text.clear();
  return news;
}

}  // namespace llmspool::llamacpp
