// SPDX-License-Identifier: MIT
#include "simulated_backend.hpp"

#include <gtest/gtest.h>
#include <llmspool/plugin.h>

#include <stdexcept>

#include "simulated_optimizer.hpp"

namespace llmspool::simulation {

using plugin::Ending;
using plugin::Verdict;
using std::chrono::minutes;
using std::chrono::seconds;

Result<std::vector<plugin::Model>> SimulatedBackend::models() const {
  return std::vector<plugin::Model>{{.id = "a", .is_default = true}, {.id = "b"}, {.id = "c"}};
}

Ending SimulatedBackend::generate(const plugin::GenerateRequest& request, plugin::Sink& sink) {
  sink.begin_request();
  const std::string& prompt = request.messages.back().content;
  const auto call = calls_.begin(
      {.backend = id_,
       .job_id = request.job_id,
       .step = request.step,
       .model = request.model.empty() ? "a" : request.model,
       .attempt = request.attempt,
       .optimized = prompt.starts_with(kOwnPrompt) || prompt.starts_with(kOptimizedPrompt),
       .sink = &sink},
      rules_, time_.uptime());
  struct End {
    SimulatedBackend& backend;
    CallAt call;
    ~End() { backend.calls_.end(call, backend.time_.uptime()); }
  } const end{*this, call};
  const Ending ending = answer(call, sink);
  call->done = ending.verdict == Verdict::done;
  return ending;
}

Ending SimulatedBackend::answer(CallAt call, plugin::Sink& sink) {
  const int pieces = random_.pick(5);
  const Ending ending = fails ? some_ending() : Ending{};
  const int silent_before = fails && random_.chance(6) ? random_.pick(pieces + 1) : -1;
  const bool deaf = fails && random_.chance(10);
  ++answers_;
  for (int piece = 0; piece <= pieces; ++piece) {
    time_.sleep(random_.up_to(random_.chance(5) ? seconds(20) : Milliseconds(400)));
    if (piece == silent_before) fall_silent(sink);
    if (sink.cancelled() && !deaf) return {.verdict = Verdict::cancelled};
    if (piece < pieces) say(call, sink, piece, pieces);
  }
  if (ending.verdict == Verdict::failed && random_.chance(20))
    throw std::runtime_error("It is broken.");
  return ending;
}

void SimulatedBackend::say(CallAt call, plugin::Sink& sink, int piece, int pieces) {
  // Unlike what any other call says, and with characters of several bytes, cut in the middle.
  const std::string text = id_ + std::to_string(answers_) + "." + std::to_string(piece) + "\u00e9 ";
  call->text += text;
  sink.progress(LLMSPOOL_PHASE_GENERATE, static_cast<std::uint64_t>(piece + 1),
                static_cast<std::uint64_t>(pieces));
  call->tokens = 1 + piece + 1;
  sink.usage(1, static_cast<std::uint64_t>(piece + 1));
  sink.emit(std::string_view(text).substr(0, text.size() - 2));
  if (random_.chance(20)) time_.sleep(random_.up_to(Milliseconds(50)));
  sink.emit(std::string_view(text).substr(text.size() - 2));
}

// Until it is cancelled, or for so long that someone will have lost patience.
void SimulatedBackend::fall_silent(const plugin::Sink& sink) {
  const Milliseconds began = time_.uptime();
  const Milliseconds end = time_.uptime() + random_.up_to(minutes(10));
  for (Milliseconds look{20}; time_.uptime() < end && !sink.cancelled();
       look = std::min<Milliseconds>(2 * look, seconds(5)))
    time_.sleep(std::min(look, end - time_.uptime()));
  // The most that a job may ask for, and how late this and the daemon look.
  constexpr seconds kPatience = kTimeoutMax + seconds(10);
  const bool is_watched =
      rules_.first_token_timeout > seconds(0) && rules_.token_timeout > seconds(0);
  EXPECT_TRUE(!is_watched || sink.cancelled() || time_.uptime() - began < kPatience)
      << id_ << " may be silent for ever";
}

Ending SimulatedBackend::some_ending() {
  const int what = random_.pick(100);
  if (what < 70) return {};
  if (what < 73)
    return {.verdict = Verdict::failed, .message = "Too long.", .blames_request = true};
  if (what < 79) return {.verdict = Verdict::failed, .message = "No."};
  if (what < 85) return {.verdict = Verdict::retry_later, .message = "Not now."};
  if (what < 89)
    return {.verdict = Verdict::retry_later,
            .message = "Later.",
            .retry_after_seconds = static_cast<double>(random_.pick(90))};
  if (what < 93) return {.verdict = Verdict::retry_now, .message = "Once more."};
  if (what < 96) return {.verdict = Verdict::hold, .message = "What is this?"};
  if (what < 97) return {.verdict = Verdict::stop_queue, .message = "Out of paper."};
  if (what < 98)
    return {.verdict = Verdict::credentials_needed, .message = "Who?", .credential = "key"};
  return {.verdict = Verdict::cancelled};
}

}  // namespace llmspool::simulation
