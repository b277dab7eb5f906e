// SPDX-License-Identifier: MIT
// What the daemon says to systemd and gets from it. Without systemd every call does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace llmspool::service {

void notify_ready();
void notify_status(const std::string& status);
void notify_reloading();  // RELOADING=1 with MONOTONIC_USEC in one datagram
void notify_stopping();
void notify_watchdog();
void extend_timeout(std::chrono::microseconds by);

// How often the watchdog must hear from us; nothing if it does not watch.
std::optional<std::chrono::microseconds> watchdog_interval();

struct PassedSocket {
  int fd;
  std::string name;  // FileDescriptorName= of the socket unit
};
// The listening sockets of socket activation; the environment is cleared. Call once.
std::vector<PassedSocket> passed_sockets();

}  // namespace llmspool::service
