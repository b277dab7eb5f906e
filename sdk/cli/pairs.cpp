// SPDX-License-Identifier: MIT
// Options that want NAME=VALUE; see pairs.hpp.
#include "pairs.hpp"

#include "exit_code.hpp"
#include "text.hpp"

namespace llmspool::cli {

std::pair<std::string, std::string> split_pair(const std::string& option, const std::string& pair) {
  const auto equals = pair.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Failure(ExitCode::usage, option + " wants NAME=VALUE, not '" + pair + "'.");
  if (first_bad_byte(pair))
    throw Failure(ExitCode::usage, option + " '" + pair + "' is not text in UTF-8.");
  return {pair.substr(0, equals), pair.substr(equals + 1)};
}

json::object object_of_pairs(const std::string& option, const std::vector<std::string>& pairs,
                             const std::function<json::value(const std::string&)>& value_of) {
  json::object object;
  for (const auto& pair : pairs) {
    const auto [name, text] = split_pair(option, pair);
    if (!object.emplace(name, value_of(text)).second)
      throw Failure(ExitCode::usage, option + " names '" + name + "' twice.");
  }
  return object;
}

json::object object_of_pairs(const std::string& option, const std::vector<std::string>& pairs) {
  return object_of_pairs(option, pairs, [](const std::string& text) { return json::value(text); });
}

}  // namespace llmspool::cli
