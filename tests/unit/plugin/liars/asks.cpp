// SPDX-License-Identifier: MIT
// An optimizer that leaves all the work to the job's backend.
#include <llmspool/plugin.hpp>

namespace {

class Asks final : public llmspool::Optimizer {
 public:
  llmspool::Verdict process(const llmspool::Task&, const llmspool::Run&,
                            const llmspool::Results& results) override {
    results.document("text", "text/plain", results.generate("Say it better"));
    return llmspool::Verdict::done;
  }
};

constexpr llmspool::PluginInfo kInfo{.id = "t.asks", .name = "Asks", .version = "1"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo, llmspool::optimizer<Asks>("asks", "Asks", "Asks the backend"));
