// SPDX-License-Identifier: MIT
// How long a job waits before its next attempt.
#pragma once

#include "base/clock.hpp"

namespace llmspool::spool {

// What a backend asked for, a day at most; nothing if that is no number.
Milliseconds asked_pause(double seconds);

// After attempt 1, 2, 3, ...: doubling from limits::kRetryDelayMin to kRetryDelayMax, but at least
// what the backend asked for. `jitter`, 0 to 1, spreads jobs that failed together over the upper
// quarter.
Milliseconds retry_delay(int attempt, double asked_seconds, double jitter);

}  // namespace llmspool::spool
