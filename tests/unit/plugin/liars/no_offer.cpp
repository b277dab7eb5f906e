// SPDX-License-Identifier: MIT
// A plugin that throws where it is to tell what it offers.
#include <llmspool/plugin.hpp>

namespace {

class Nothing final : public llmspool::Optimizer {
 public:
  llmspool::Verdict process(const llmspool::Task&, const llmspool::Run&,
                            const llmspool::Results&) override {
    return llmspool::Verdict::done;
  }
};

decltype(llmspool::optimizer<Nothing>("", "", "")) offer() {
  throw llmspool::Failure("The table of models is not there");
}

constexpr llmspool::PluginInfo kInfo{.id = "t.no_offer", .name = "No offer", .version = "1"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo, offer());
