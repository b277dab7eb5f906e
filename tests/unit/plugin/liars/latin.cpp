// SPDX-License-Identifier: MIT
// A backend that names a model in Latin-1, beside one in UTF-8.
#include <llmspool/plugin.hpp>

namespace {

class Latin final : public llmspool::Backend {
 public:
  std::vector<llmspool::Model> models() override {
    return {{.id = "caf\xe9", .is_default = true}, {.id = "caf\u00e9"}};
  }
  llmspool::Verdict generate(const llmspool::Request&, const llmspool::Run&) override {
    return llmspool::Verdict::done;
  }
};

constexpr llmspool::PluginInfo kInfo{.id = "t.latin", .name = "Latin", .version = "1"};

}  // namespace

LLMSPOOL_PLUGIN(kInfo, llmspool::backend<Latin>("latin", "Latin", "Knows no UTF-8"));
