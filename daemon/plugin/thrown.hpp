// SPDX-License-Identifier: MIT
// No exception may cross the plugin ABI. Where one does, it must not take the daemon down.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace llmspool::plugin {

// Calls into a plugin; what the exception said that came out of it, if one did.
template <class Call>
std::optional<std::string> thrown_by(Call&& call) {
  try {
    std::forward<Call>(call)();
    return std::nullopt;
  } catch (const std::exception& exception) {
    return repaired_utf8(exception.what());
  } catch (...) {
    return "The plugin threw what is no exception.";
  }
}

}  // namespace llmspool::plugin
