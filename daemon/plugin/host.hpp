// SPDX-License-Identifier: MIT
// What an instance of a plugin gets from the daemon: logger, secrets, clock, a folder of its own.
#pragma once

#include <llmspool/plugin.h>

#include <filesystem>
#include <string>

namespace llmspool::plugin {

// Lives as long as the instance it was made for. Pinned, since the ABI struct points back to it.
class Host {
 public:
  // `instance` is its name in the configuration and in logs.
  Host(std::string instance, const std::filesystem::path& data_directory);
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const llmspool_host_t* abi() const { return &abi_; }

 private:
  const std::string instance_;
  const std::string data_directory_;
  llmspool_host_t abi_;
};

}  // namespace llmspool::plugin
