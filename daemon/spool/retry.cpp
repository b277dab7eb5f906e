// SPDX-License-Identifier: MIT
#include "spool/retry.hpp"

#include <algorithm>
#include <cmath>

#include "base/limits.hpp"

namespace llmspool::spool {

Milliseconds asked_pause(double seconds) {
  constexpr double kMax = 24 * 3600;
  const double bounded = std::isfinite(seconds) ? std::clamp(seconds, 0.0, kMax) : 0;
  return Milliseconds(static_cast<std::int64_t>(bounded * 1000));
}

Milliseconds retry_delay(int attempt, double asked_seconds, double jitter) {
  const double doubled =
      static_cast<double>(limits::kRetryDelayMin.count()) * std::pow(2.0, std::max(0, attempt - 1));
  const double bounded = std::min(doubled, static_cast<double>(limits::kRetryDelayMax.count()));
  const double seconds = bounded * (0.75 + 0.25 * jitter);
  return std::max(Milliseconds(static_cast<std::int64_t>(seconds * 1000)),
                  asked_pause(asked_seconds));
}

}  // namespace llmspool::spool
