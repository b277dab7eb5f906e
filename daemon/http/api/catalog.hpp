// SPDX-License-Identifier: MIT
// Whether a backend can take jobs.
#pragma once

#include <string>
#include <vector>

#include "http/api/api.hpp"

namespace llmspool::http {

struct Availability {
  std::string reason;  // why it takes no jobs; empty: it does
  std::vector<plugin::Model> models;
};
// Looks at the backend's models, so it may block.
Availability availability_of(const plugin::Backend& backend,
                             const spool::QueueState::Backend& state);

}  // namespace llmspool::http
