// SPDX-License-Identifier: MIT
// What commands share; see command.hpp.
#include "command.hpp"

#include <iostream>

#include "text.hpp"

namespace llmspool::cli {

void report(const Failure& failure, bool json) {
  std::cerr << "llmspool: " << harmless(failure.what()) << '\n';
  const auto* refused = dynamic_cast<const Refusal*>(&failure);
  if (json && refused && refused->problem().is_object())
    std::cout << json_line(refused->problem()) << '\n';
}

ExitCode for_each_id(const Context& context, const std::vector<std::string>& ids,
                     const std::function<void(const std::string& id)>& work) {
  auto result = ExitCode::ok;
  for (const auto& id : ids) {
    try {
      work(id);
    } catch (const Failure& failure) {
      report(failure, context.json);
      if (result == ExitCode::ok) result = failure.code();
    }
  }
  return result;
}

}  // namespace llmspool::cli
