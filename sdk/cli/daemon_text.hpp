// SPDX-License-Identifier: MIT
// What the daemon says of itself, in words and tables.
#pragma once

#include <string>

#include "json.hpp"
#include "terminal.hpp"

namespace llmspool::cli {

// Of GET /api/health, /api/backends, ... in this order.
std::string status_text(const json::object& health, const Terminal& terminal);
std::string backends_text(const json::object& answer, const Terminal& terminal);
std::string pipelines_text(const json::object& answer, const Terminal& terminal);
std::string optimizers_text(const json::object& answer, const Terminal& terminal);
std::string plugins_text(const json::object& answer, const Terminal& terminal);

}  // namespace llmspool::cli
