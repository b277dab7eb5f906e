// SPDX-License-Identifier: MIT
// Which models a backend can take no further job for.
#pragma once

#include <map>

#include "job/turn.hpp"

namespace llmspool::spool {

// Of the models that may run so many jobs at once (`most`), those that do, by all the names that
// jobs give them. `running` counts the jobs by how they ask: what "" means may be known only later.
inline std::vector<std::string> full_models(const std::map<std::string, int>& most,
                                            const std::map<std::string, int>& running,
                                            const std::string& default_model) {
  const auto jobs_of = [&](const std::string& model) {
    int jobs = 0;
    for (const auto& [asked, count] : running)
      if ((asked.empty() ? default_model : asked) == model) jobs += count;
    return jobs;
  };
  std::vector<std::string> full;
  for (const auto& [model, jobs] : most)
    if (jobs_of(model) >= jobs) job::add_spellings(full, model, default_model);
  return full;
}

}  // namespace llmspool::spool
