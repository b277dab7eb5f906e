// SPDX-License-Identifier: MIT
// What a plugin's factory makes.
#pragma once

#include <fmt/format.h>

#include "base/result.hpp"
#include "plugin/run.hpp"
#include "plugin/thrown.hpp"

namespace llmspool::plugin {

// The instance that the factory makes of these `options`; Code::invalid, with why there is none
// that can be used, for the `table` of the configuration that they are from. `has_all` tells
// whether it has all functions that the ABI asks for. The daemon asks for no extensions yet.
template <class Factory, class Instance>
Result<const Instance*> make_instance(const Factory& factory, uint32_t index,
                                      const llmspool_host_t* host, const llmspool_table_t* options,
                                      const std::string& table, bool (*has_all)(const Instance&)) {
  const Instance* instance = nullptr;
  auto error = empty_error();
  std::string wrong;
  if (auto thrown = thrown_by([&] { instance = factory.create(index, host, options, &error); }))
    wrong = *std::move(thrown);
  else if (instance == nullptr)
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
