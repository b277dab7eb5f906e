// SPDX-License-Identifier: MIT
#include "simulated_optimizer.hpp"

#include <stdexcept>

namespace llmspool::simulation {

using plugin::Ending;
using plugin::Verdict;
using std::chrono::seconds;

Ending SimulatedOptimizer::process(const plugin::OptimizeRequest& request, plugin::Sink& sink,
                                   const plugin::Generate& generate,
                                   plugin::OptimizeResult& result) {
  const bool deaf = fails && random_.chance(10);
  std::string text = request.documents.at("text");
  for (int asked = random_.pick(3); asked > 0; --asked) {
    time_.sleep(random_.up_to(random_.chance(5) ? seconds(20) : Milliseconds(200)));
    const Ending ending =
        generate(std::string(kOwnPrompt) + text, [&](std::string_view piece) { text += piece; });
    if (ending.verdict != Verdict::done && (!fails || random_.chance(80))) return ending;
  }
  time_.sleep(random_.up_to(Milliseconds(200)));
  if (sink.cancelled() && !deaf) return {.verdict = Verdict::cancelled};
  if (fails && random_.chance(20)) return some_trouble();
  result.documents["text"] = std::string(kOptimizedPrompt) + text;
  return {};
}

Ending SimulatedOptimizer::some_trouble() {
  const Verdict verdict = random_.one_of<Verdict>(
      {Verdict::failed, Verdict::failed, Verdict::retry_later, Verdict::retry_now, Verdict::hold,
       Verdict::stop_queue, Verdict::credentials_needed, Verdict::cancelled});
  if (random_.chance(10)) throw std::runtime_error(std::string(kOptimizersTrouble));
  return {.verdict = verdict, .message = std::string(kOptimizersTrouble)};
}

}  // namespace llmspool::simulation
