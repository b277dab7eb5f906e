// SPDX-License-Identifier: MIT
// Whether a JSON value can be written and read again. A number like 1e400 is read as infinity, for
// which JSON has no word: what holds one must not be stored.
#pragma once

#include <boost/json.hpp>

namespace llmspool::job {

bool all_finite(const boost::json::value& value);

}  // namespace llmspool::job
