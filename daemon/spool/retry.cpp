// SPDX-License-Identifier: MIT
#include "spool/retry.hpp"

#include <algorithm>
#include <cmath>

#include "base/limits.hpp"

namespace llmspool::spool {

Milliseconds retry_delay(int attempt, double asked_seconds, double jitter) {
  constexpr double kAskedMax = 24 * 3600;
  const double doubled =
      static_cast<double>(limits::kRetryDelayMin.count()) * std::pow(2.0, std::max(0, attempt - 1));
  const double bounded = std::min(doubled, static_cast<double>(limits::kRetryDelayMax.count()));
  const double asked = std::isfinite(asked_seconds) ? std::clamp(asked_seconds, 0.0, kAskedMax) : 0;
  const double seconds = std::max(bounded * (0.75 + 0.25 * jitter), asked);
  return Milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace llmspool::spool
