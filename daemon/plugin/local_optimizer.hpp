// SPDX-License-Identifier: MIT
// An optimizer whose plugin runs in this process.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "plugin/host.hpp"
#include "plugin/library.hpp"
#include "plugin/optimizer.hpp"
#include "plugin/places.hpp"

namespace llmspool::plugin {

class LocalOptimizer final : public Optimizer {
 public:
  static Result<std::shared_ptr<LocalOptimizer>> create(
      std::shared_ptr<Library> library, uint32_t index, std::string id,
      const config::Optimizer& config, const std::filesystem::path& data_directory);
  ~LocalOptimizer() override;

  const std::string& id() const override { return id_; }
  const std::string& name() const override { return name_; }
  const std::string& description() const override { return description_; }
  const std::vector<Parameter>& params() const override { return params_; }
  Ending process(const OptimizeRequest& request, Sink& sink, const Generate& generate,
                 OptimizeResult& result) override;

 private:
  LocalOptimizer(std::shared_ptr<Library> library, std::string id,
                 const std::filesystem::path& data_directory);

  const std::shared_ptr<Library> library_;
  const std::string id_;
  std::string name_, description_;
  bool concurrent_ = false;
  std::vector<Parameter> params_;
  Host host_;
  const llmspool_optimizer_t* instance_ = nullptr;
  Places places_;
};

}  // namespace llmspool::plugin
