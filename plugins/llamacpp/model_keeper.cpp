// SPDX-License-Identifier: MIT
#include "model_keeper.hpp"

#include <chrono>
#include <utility>

namespace llmspool::llamacpp {

namespace {

// How often a waiting thread looks whether its run is cancelled.
constexpr auto kPollInterval = std::chrono::milliseconds(20);

void require_wanted(const Run& run) {
  if (run.cancelled()) throw Failure("Cancelled", Verdict::cancelled);
}

}  // namespace

ModelKeeper::ModelKeeper(Settings settings) : settings_(std::move(settings)) {}

std::shared_ptr<Engine> ModelKeeper::use(const ModelFile& file, const Run& run) {
  bool waited = false;
  const auto wait = [&] {
    require_wanted(run);
    if (!std::exchange(waited, true)) run.progress(Phase::wait, 0, 0);
  };
  std::unique_lock turn(turn_, std::defer_lock);
  while (!turn.try_lock_for(kPollInterval)) wait();

  std::unique_lock lock(mutex_);
  if (engine_ == nullptr || engine_->file() != file) {
    while (!idle_.wait_for(lock, kPollInterval, [&] { return users_ == 0; })) wait();
    auto old = std::exchange(engine_, nullptr);
    lock.unlock();
    old.reset();
    auto fresh = std::make_unique<Engine>(file, settings_, [&run](float share) {
      run.progress(Phase::load, static_cast<uint64_t>(share * 100), 100);
      return !run.cancelled();
    });
    lock.lock();
    engine_ = std::move(fresh);
  }
  if (waited) run.progress(Phase::prompt, 0, 0);
  ++users_;
  return {engine_.get(), [this](Engine*) { release(); }};
}

void ModelKeeper::release() {
  {
    const std::lock_guard lock(mutex_);
    --users_;
  }
  idle_.notify_one();
}

std::optional<ModelKeeper::Loaded> ModelKeeper::loaded() const {
  const std::lock_guard lock(mutex_);
  if (engine_ == nullptr) return std::nullopt;
  return Loaded{engine_->file(), engine_->context_tokens()};
}

void ModelKeeper::clear() {
  const std::lock_guard lock(mutex_);
  engine_ = nullptr;
}

}  // namespace llmspool::llamacpp
