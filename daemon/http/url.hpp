// SPDX-License-Identifier: MIT
// The target of a request: its path in decoded segments and its query in decoded pairs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace llmspool::http {

using Query = std::vector<std::pair<std::string, std::string>>;

struct Target {
  std::vector<std::string> segments;  // "/api/jobs" is {"api", "jobs"}; "/" is {""}
  Query query;
};

// Reads "/path?query" or "http://host/path?query". Code::invalid for wrong escapes and for text
// that is not UTF-8 or has control characters.
Result<Target> parse_target(std::string_view target);

// Everything but letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace llmspool::http
