// SPDX-License-Identifier: MIT
// Which models a backend can take no further job for.
#pragma once

#include <map>

#include "job/turn.hpp"

namespace llmspool::spool {

// Of the models that may run so many jobs at once (`most`), those that do, by all the names that
// jobs give them.
inline std::vector<std::string> full_models(const std::map<std::string, int>& most,
                                            const std::map<std::string, int>& running,
                                            const std::string& default_model) {
  std::vector<std::string> full;
  for (const auto& [model, jobs] : most)
    if (const auto now = running.find(model); now != running.end() && now->second >= jobs)
      job::add_spellings(full, model, default_model);
  return full;
}

}  // namespace llmspool::spool
