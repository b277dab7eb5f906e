// SPDX-License-Identifier: MIT
#include "spool/step_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/finally.hpp"
#include "base/limits.hpp"
#include "plugin/thrown.hpp"

namespace llmspool::spool {
namespace {

using plugin::Ending;
using plugin::Verdict;

std::string too_long(std::string_view what) {
  return fmt::format("{} longer than {} MiB, the most that a step may write.", what,
                     limits::kAnswerBytesMax / 1024 / 1024);
}

// A generation that an optimizer asked for: its text goes to the optimizer, all else to the step.
class InnerSink final : public plugin::Sink {
 public:
  InnerSink(StepCall& call, const std::function<void(std::string_view)>& append)
      : call_(call), append_(append) {}
  bool cancelled() const override { return call_.cancelled() || too_long_; }
  void begin_request() override { call_.begin_request(); }
  // From any thread, but the optimizer is told by one at a time.
  void emit(std::string_view text) override {
    const std::scoped_lock lock(mutex_);
    if (cancelled()) return;
    call_.show_life();
    emitted_ += text.size();
    too_long_ = emitted_ > limits::kAnswerBytesMax;
    if (!too_long_) append_(text);
  }
  // How far the optimizer is, it alone can tell.
  void progress(int phase, std::uint64_t, std::uint64_t) override { call_.see_phase(phase); }
  void usage(std::uint64_t prompt, std::uint64_t completion) override {
    call_.usage(prompt, completion);
  }
  void finish_reason(std::string_view) override {}
  void log(int priority, std::string_view message) override { call_.log(priority, message); }

  bool too_long() const { return too_long_; }

 private:
  StepCall& call_;
  const std::function<void(std::string_view)>& append_;
  std::mutex mutex_;
  std::size_t emitted_ = 0;
  std::atomic<bool> too_long_ = false;
};

// How the work of a plugin ended, also where that lets an exception out, as it must not.
template <class Work>
Ending ending_of(Work work) {
  Ending ending;
  if (auto thrown = plugin::thrown_by([&] { ending = work(); }))
    return {.verdict = Verdict::failed, .message = *std::move(thrown)};
  return ending;
}

// Asks the backend for a text; not for a step that nobody waits for any more, whatever its
// optimizers still want. The sink is one that ends an answer which is too long.
template <class AnySink>
Ending generate(const StepWork& work, const std::vector<job::Message>& messages, StepCall& call,
                AnySink& sink, StepOutcome& outcome) {
  if (call.cancelled()) return {.verdict = Verdict::cancelled};
  call.turn_to_backend();
  const plugin::GenerateRequest request{.job_id = work.job_id,
                                        .step = work.step,
                                        .attempt = work.attempt,
                                        .model = work.model,
                                        .messages = messages,
                                        .params = work.params};
  outcome.answer = ending_of([&] { return work.backend->generate(request, sink); });
  call.end_request();
  if (sink.too_long())
    outcome.answer = Ending{
        .verdict = Verdict::failed, .message = too_long("The answer is"), .blames_request = true};
  return *outcome.answer;
}

Ending optimize(const StepWork& work, plugin::Optimizer& optimizer,
                std::map<std::string, std::string> documents, const boost::json::object& params,
                StepCall& call, plugin::OptimizeResult& result, StepOutcome& outcome) {
  const plugin::OptimizeRequest request{.job_id = work.job_id,
                                        .step = work.step,
                                        .documents = std::move(documents),
                                        .params = params};
  const plugin::Generate inner = [&](const std::string& prompt, const auto& append) {
    InnerSink sink(call, append);
    return generate(work, {{"user", prompt}}, call, sink, outcome);
  };
  Ending ending = optimizer.process(request, call, inner, result);
  std::size_t size = result.report.empty() ? 0 : boost::json::serialize(result.report).size();
  for (const auto& [name, document] : result.documents) size += document.size();
  if (size > limits::kAnswerBytesMax)
    return {.verdict = Verdict::failed, .message = too_long("The optimizer's texts are")};
  return ending;
}

// Lets each of the job's optimizers work on the last user message.
Ending optimize_prompt(StepWork& work, StepCall& call, StepOutcome& outcome) {
  call.prepare(true);
  const Finally prepared([&] { call.prepare(false); });
  for (const auto& [optimizer, params] : work.on_prompt) {
    const auto prompt = std::find_if(work.messages.rbegin(), work.messages.rend(),
                                     [](const auto& message) { return message.role == "user"; });
    if (prompt == work.messages.rend()) return {};
    plugin::OptimizeResult result;
    auto ending =
        optimize(work, *optimizer, {{"text", prompt->content}}, params, call, result, outcome);
    if (ending.verdict != Verdict::done) return ending;
    if (const auto text = result.documents.find("text"); text != result.documents.end())
      prompt->content = text->second;
  }
  return {};
}

Ending ask_plugins(StepWork& work, StepCall& call, StepOutcome& outcome) {
  if (work.kind == pipeline::Step::Kind::optimize)
    return optimize(work, *work.optimizer, std::move(work.documents), work.optimizer_params, call,
                    outcome.optimized, outcome);
  if (auto ending = optimize_prompt(work, call, outcome); ending.verdict != Verdict::done)
    return ending;
  return generate(work, work.messages, call, call, outcome);
}

}  // namespace

StepOutcome do_step(StepWork work, StepCall& call) noexcept {
  StepOutcome outcome;
  if (call.cancelled())
    outcome.ending = {.verdict = Verdict::cancelled};  // while it waited its turn
  else
    outcome.ending = ending_of([&] { return ask_plugins(work, call, outcome); });
  return outcome;
}

}  // namespace llmspool::spool
