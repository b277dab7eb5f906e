// SPDX-License-Identifier: MIT
#include "spool/lane.hpp"

#include <algorithm>

#include "spool/full_models.hpp"
#include "spool/retry.hpp"

namespace llmspool::spool {

using plugin::Verdict;

std::string default_model_of(const plugin::Backend& backend) {
  const auto models = backend.models();
  if (!models) return {};
  const auto found = std::ranges::find_if(*models, &plugin::Model::is_default);
  return found == models->end() ? std::string() : found->id;
}

Lane::Lane(std::shared_ptr<plugin::Backend> backend, const config::Backend& rules, Loop& loop)
    : backend_(std::move(backend)),
      rules_(rules),
      loop_(loop),
      default_model_(default_model_of(*backend_)),
      pace_{RateLimit(rules.requests_per_minute), RateLimit(rules.tokens_per_minute)},
      slots_(backend_->concurrency(), pace_, loop),
      circuit_(rules.circuit_failures, rules.circuit_rest) {}

int Lane::room() {
  const int free = backend_->concurrency() - running - claiming;
  int room = circuit_.admits(loop_.uptime(), claiming + (trial_ ? 1 : 0), std::max(free, 0));
  if (rules_.requests_per_minute > 0) {
    const auto left = pace_.requests.left(loop_.uptime()) - claiming;
    room = static_cast<int>(std::clamp<std::int64_t>(left, 0, room));
  }
  // Which models are full depends on each job that begins.
  return rules_.model_concurrency.empty() ? room : std::min(room, claiming == 0 ? 1 : 0);
}

bool Lane::is_up() const {
  if (!stopped_reason.empty()) return false;
  const auto circuit = circuit_state();
  return circuit == Circuit::State::closed ||
         (circuit == Circuit::State::half_open && lacks_trial_);
}

Milliseconds Lane::wait() {
  return std::max(circuit_wait(), rest());
}

Milliseconds Lane::rest() {
  const Milliseconds now = loop_.uptime();
  return std::max(rests_until_ - now, pace_.wait(now));
}

job::Models Lane::models() const {
  job::Models models;
  if (last_model_) job::add_spellings(models.loaded, *last_model_, default_model_);
  models.full = full_models(rules_.model_concurrency, running_models_, default_model_);
  return models;
}

void Lane::resume() {
  stopped_reason.clear();
  trial_.reset();
  circuit_.succeeded();
  rests_until_ = Milliseconds(0);
}

void Lane::begin(const job::Job& job) {
  ++running;
  lacks_trial_ = false;
  if (circuit_state() == Circuit::State::half_open) trial_.emplace(job.id, job.fence);
  last_model_ = job.model;
  ++running_models_[job.model];
}

void Lane::end(const job::Job& job) {
  --running;
  end_trial({job.id, job.fence});
  const auto model = running_models_.find(job.model);
  if (--model->second == 0) running_models_.erase(model);
}

bool Lane::end_trial(const RunKey& run) {
  if (trial_ != run) return false;
  trial_.reset();
  return true;
}

bool Lane::answered(const RunKey& run, const plugin::Ending& ending, std::int64_t more_requests,
                    std::int64_t tokens) {
  const Milliseconds now = loop_.uptime();
  pace_.requests.charge(now, more_requests);
  pace_.tokens.charge(now, tokens);
  switch (ending.verdict) {
    case Verdict::done:
      trial_.reset();
      circuit_.succeeded();
      return false;
    case Verdict::retry_later:
      rests_until_ = std::max(rests_until_, now + asked_pause(ending.retry_after_seconds));
      return circuit_.failed(now, end_trial(run));
    case Verdict::failed:
    case Verdict::retry_now: {
      const bool tried = end_trial(run);
      return !ending.blames_request && circuit_.failed(now, tried);
    }
    case Verdict::hold:
    case Verdict::stop_queue:
    case Verdict::credentials_needed:
    case Verdict::cancelled:
      break;
  }
  return false;
}

}  // namespace llmspool::spool
