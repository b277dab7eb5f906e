// SPDX-License-Identifier: MIT
// A plugin file in this process. Once loaded it stays, even if it is refused: unloading a library
// with threads or thread-locals of its own is not safe.
#pragma once

#include <llmspool/plugin.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.hpp"

namespace llmspool::plugin {

class Library {
 public:
  // Loads and checks: an ELF library, the exported entry, the ABI, the descriptors. The error is
  // one sentence that names the file.
  static Result<std::shared_ptr<Library>> open(const std::filesystem::path& file);

  const llmspool_plugin_entry_t& entry() const { return *entry_; }
  const llmspool_backend_factory_t* backends() const { return backends_; }        // or null
  const llmspool_optimizer_factory_t* optimizers() const { return optimizers_; }  // or null

 private:
  std::string take_offers();  // why they cannot be used; empty: they can

  const llmspool_plugin_entry_t* entry_ = nullptr;
  const llmspool_backend_factory_t* backends_ = nullptr;
  const llmspool_optimizer_factory_t* optimizers_ = nullptr;
};

}  // namespace llmspool::plugin
