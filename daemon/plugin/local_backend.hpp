// SPDX-License-Identifier: MIT
// A backend whose plugin runs in this process.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "config/config.hpp"
#include "plugin/backend.hpp"
#include "plugin/host.hpp"
#include "plugin/library.hpp"
#include "plugin/places.hpp"

namespace llmspool::plugin {

class LocalBackend final : public Backend {
 public:
  // The index-th backend that `library` offers, as `id`. The error says what in `config` is wrong.
  static Result<std::shared_ptr<LocalBackend>> create(std::shared_ptr<Library> library,
                                                      uint32_t index, std::string id,
                                                      const config::Backend& config,
                                                      const std::filesystem::path& data_directory);
  ~LocalBackend() override;

  const std::string& id() const override { return id_; }
  const std::string& name() const override { return name_; }
  const std::string& description() const override { return description_; }
  int concurrency() const override { return concurrency_; }
  const std::vector<Parameter>& params() const override { return params_; }
  Result<std::vector<Model>> models() const override;
  Ending generate(const GenerateRequest& request, Sink& sink) override;

 private:
  LocalBackend(std::shared_ptr<Library> library, std::string id,
               const std::filesystem::path& data_directory);
  // Once for each model that no job can name, nor an answer list.
  void tell_left_out(const std::string& model) const;

  // Starts the instance unless it is started; one caller does, the others wait for the outcome
  // unless they are cancelled.
  Ending ensure_started(Sink& sink);

  Ending generate_inside(const GenerateRequest& request, Sink& sink);

  const std::shared_ptr<Library> library_;
  const std::string id_;
  std::string name_, description_;
  int concurrency_ = 1;
  std::vector<Parameter> params_;
  Host host_;
  const llmspool_backend_t* instance_ = nullptr;

  mutable std::mutex left_out_mutex_;
  mutable std::set<std::string> left_out_;  // the models that were told of

  enum class State { created, starting, started };
  std::mutex mutex_;
  std::condition_variable state_changed_;
  State state_ = State::created;
  // An optimizer may generate while steps do, so the spool's own count of them is not enough.
  Places places_;
};

}  // namespace llmspool::plugin
