// SPDX-License-Identifier: MIT
// Every bound of the daemon that is no configuration key, in one place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace llmspool::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// HTTP
inline constexpr std::size_t kHeaderBytesMax = std::size_t{32} * 1024;
inline constexpr seconds kHeaderTimeout{30};  // for the whole header, and between requests
inline constexpr seconds kBodyTimeout{120};   // for a whole body; of a bulk upload for each piece
inline constexpr seconds kWriteTimeout{30};   // a client that takes nothing this long is cut off
inline constexpr seconds kWaitMax{300};       // of ?wait=
inline constexpr seconds kPingInterval{20};   // WebSocket
inline constexpr seconds kSseKeepalive{10};
inline constexpr std::size_t kWebSocketMessageBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kWebSocketMessagesMax = 16;  // not looked at yet
inline constexpr seconds kLingerTimeout{2};       // for a client that still sends what was refused
inline constexpr seconds kHttpStopTimeout{5};     // for requests under way when the server stops
inline constexpr milliseconds kAcceptPause{200};  // when the system has no descriptor left
inline constexpr std::size_t kHttpBlockingThreads = 2;  // for reads of the disk
inline constexpr std::size_t kConnectionsMax = 4096;
inline constexpr std::size_t kMultipartPartsMax = 64;
inline constexpr int kJsonDepthMax = 32;
inline constexpr std::size_t kListMax = 500;

// Jobs
inline constexpr std::size_t kLabelsMax = 32;
inline constexpr std::size_t kLabelBytesMax = 256;
inline constexpr std::size_t kAfterMax = 64;
inline constexpr std::size_t kMessagesMax = 1000;
inline constexpr std::size_t kBackendsMax = 16;
inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;
inline constexpr int kAttemptsMax = 100;
inline constexpr seconds kDelayMax{366L * 24 * 3600};
inline constexpr std::chrono::hours kIdempotencyKept{24};
// How often in a row the daemon may die under a job's step before the job is blamed and fails.
inline constexpr int kInterruptionsMax = 10;

// Running
inline constexpr milliseconds kDeltaInterval{20};      // between two delta events of one job
inline constexpr milliseconds kProgressInterval{100};  // between two progress events of one job
inline constexpr std::size_t kEmitBufferBytes =
    std::size_t{1024} * 1024;  // emit() blocks above this
inline constexpr std::size_t kAnswerBytesMax = std::size_t{16} * 1024 * 1024;
inline constexpr seconds kRetryDelayMin{1};
inline constexpr seconds kRetryDelayMax{300};
inline constexpr seconds kCircuitRestMax{600};  // between two trials of a backend that fails

// Events
inline constexpr std::size_t kEventsPerRead = 500;
inline constexpr std::size_t kEventBytesPerRead =
    std::size_t{256} * 1024;  // but one event at least
inline constexpr std::size_t kCommandsPerCommit = 4096;

}  // namespace llmspool::limits
