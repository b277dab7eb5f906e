// SPDX-License-Identifier: MIT
#include "job/finite.hpp"

#include <algorithm>
#include <cmath>

namespace llmspool::job {

bool all_finite(const boost::json::value& value) {
  if (const double* number = value.if_double()) return std::isfinite(*number);
  if (const auto* array = value.if_array()) return std::ranges::all_of(*array, all_finite);
  if (const auto* object = value.if_object())
    return std::ranges::all_of(*object, [](const auto& pair) { return all_finite(pair.value()); });
  return true;
}

}  // namespace llmspool::job
