// SPDX-License-Identifier: MIT
// TOML values as JSON, for settings that only a plugin understands.
#pragma once

#include <boost/json.hpp>

#include "toml/table.hpp"

namespace llmspool::toml {

// Dates and times become texts; infinite numbers, which JSON lacks, are reported.
boost::json::value to_json(const Value& value, Problems& problems);
boost::json::object to_json(const Members& members, Problems& problems);

}  // namespace llmspool::toml
