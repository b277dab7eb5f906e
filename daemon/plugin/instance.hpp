// SPDX-License-Identifier: MIT
// What a plugin's factory makes.
#pragma once

#include <fmt/format.h>

#include "base/result.hpp"
#include "plugin/run.hpp"

namespace llmspool::plugin {

// The instance, if it can be used; Code::invalid, with why, for the `table` of the configuration it
// is for. `has_all` tells whether it has all functions that the ABI asks for. The daemon asks for
// no extensions yet.
template <class Instance>
Result<const Instance*> usable(const Instance* instance, const llmspool_error_t& error,
                               std::string_view table, bool (*has_all)(const Instance&)) {
  std::string wrong;
  if (instance == nullptr)
    wrong = ending_of(LLMSPOOL_FAILED, error).message;
  else if (instance->struct_size < sizeof *instance)
    wrong = "what its plugin made is shorter than the ABI's version 1";
  else if (!has_all(*instance))
    wrong = "what its plugin made lacks a function";
  else
    return instance;
  return fail(Code::invalid, fmt::format("[{}] cannot be used: {}", table, wrong));
}

}  // namespace llmspool::plugin
