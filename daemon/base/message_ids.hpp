// SPDX-License-Identifier: MIT
// The journal's message ids: one for each kind of event, fixed for ever, since operators filter by
// them. systemd/llmspool.catalog explains each; a test keeps the two alike.
#pragma once

#include <string_view>

namespace llmspool::message_ids {

inline constexpr std::string_view kJobQueued = "52771078622e41638cb0970056f3ca52";
inline constexpr std::string_view kJobStarted = "c9888d0a32494acc8d8830a3c098d4a5";
inline constexpr std::string_view kJobProgress = "c1a258ea656b4f59b236621cc9ea8783";
inline constexpr std::string_view kJobCompleted = "6384cd203c084c658d2766efb4399b1f";
inline constexpr std::string_view kJobFailed = "5a4ea927fe564853b8f25513f3257d41";
inline constexpr std::string_view kJobRetrying = "8431231b7c7d4fd696aa96c18f517095";
inline constexpr std::string_view kJobCancelled = "f9302dd474a84539a5311cc04345d65e";
inline constexpr std::string_view kPluginLoaded = "d80225b0b06f422d8b84fcad536454c2";
inline constexpr std::string_view kPluginRefused = "9800ea8ebd28475e8910571a2e5f575d";
inline constexpr std::string_view kBackendRests = "6f0c3a7e51d94b0c8b1c52f4a9d5e317";
inline constexpr std::string_view kBackendStopped = "0473e12cd699493dbda34da7e3fdd532";

}  // namespace llmspool::message_ids
