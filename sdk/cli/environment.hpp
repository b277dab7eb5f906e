// SPDX-License-Identifier: MIT
// The environment's variables.
#pragma once

#include <cstdlib>
#include <string>

namespace llmspool::cli {

// A variable's value; empty where it is not set.
inline std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the tool has one thread
  return value ? value : "";
}

}  // namespace llmspool::cli
