// SPDX-License-Identifier: MIT
// Where things lie for this installation, as far as nobody has configured it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace llmspool::config {

// What decides about it.
struct Surroundings {
  bool root = false;
  std::string home;
  std::function<std::string(const char*)> variable;  // of the environment; empty: not set
};
Surroundings surroundings();  // those of this process

struct Paths {
  std::filesystem::path file;  // of the configuration
  std::filesystem::path state, socket;
  std::vector<std::filesystem::path> plugins, pipelines;
};
Paths default_paths(const Surroundings& around);

}  // namespace llmspool::config
