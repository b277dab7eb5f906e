// SPDX-License-Identifier: MIT
// Which plugins are loaded, and the backends and optimizers configured from them. Owned by main;
// filled at start-up, read by any thread afterwards.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "plugin/backend.hpp"
#include "plugin/library.hpp"
#include "plugin/optimizer.hpp"

namespace llmspool::plugin {

// A plugin file as it was found.
struct PluginInfo {
  std::string file, id, name, version, license;
  bool loaded = false;
  std::string reason;                             // why it, or a part of it, is not in use
  std::vector<std::string> backends, optimizers;  // what it offers
};

class Registry {
 public:
  // Loads every *.so of the directories and makes what the configuration names, and each backend
  // and optimizer that the configuration does not mention. A plugin that does not fit is reported
  // in plugins() and changes nothing; a configuration that does not fit its plugin is an error.
  static Result<std::unique_ptr<Registry>> load(const config::Config& config);
  // Of just these, wherever they come from; the first backend by name is the default.
  static std::unique_ptr<Registry> of(std::vector<std::shared_ptr<Backend>> backends,
                                      std::vector<std::shared_ptr<Optimizer>> optimizers = {});

  std::shared_ptr<Backend> backend(const std::string& name) const;  // null: none of that name
  std::shared_ptr<Optimizer> optimizer(const std::string& name) const;
  const std::vector<std::shared_ptr<Backend>>& backends() const { return backends_; }  // by name
  const std::vector<std::shared_ptr<Optimizer>>& optimizers() const { return optimizers_; }
  std::set<std::string> optimizer_names() const;
  const std::vector<PluginInfo>& plugins() const { return plugins_; }
  // The backend of jobs that name none: the configured one, or else the first by name of those that
  // have a table, or of all; one that is a last choice behind the others. Empty if there is none.
  const std::string& default_backend() const { return default_backend_; }

 private:
  friend class Loading;
  void sort();

  std::vector<std::shared_ptr<Backend>> backends_;
  std::vector<std::shared_ptr<Optimizer>> optimizers_;
  std::vector<PluginInfo> plugins_;
  std::string default_backend_;
};

}  // namespace llmspool::plugin
