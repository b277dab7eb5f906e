// SPDX-License-Identifier: MIT
// Options that want NAME=VALUE.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "json.hpp"

namespace llmspool::cli {

inline constexpr const char* kPairType = "NAME=VALUE";

// Both parts of what was given to the option; throws Failure, naming it.
std::pair<std::string, std::string> split_pair(const std::string& option, const std::string& pair);

// The object that all the pairs of one option make; throws Failure where a name stands twice.
json::object object_of_pairs(const std::string& option, const std::vector<std::string>& pairs,
                             const std::function<json::value(const std::string&)>& value_of);

// The same, of texts.
json::object object_of_pairs(const std::string& option, const std::vector<std::string>& pairs);

}  // namespace llmspool::cli
