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
Availability availability_of(const spool::Spool& spool, const plugin::Backend& backend);  // blocks

}  // namespace llmspool::http
