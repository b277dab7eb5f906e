// SPDX-License-Identifier: MIT
#include "service/notify.hpp"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <system_error>

#include "base/log.hpp"
#include "base/text.hpp"

namespace llmspool::service {
namespace {

// One datagram. That it does not arrive is nothing we could mend, or tell anyone but systemd.
void send(const std::string& state) {
  sd_notify(0, state.c_str());
}

std::string monotonic_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

// Takes the names over from libsystemd, which wants each freed.
std::vector<std::string> take_names(char** names) {
  std::vector<std::string> taken;
  if (names == nullptr) return taken;
  for (char** name = names; *name != nullptr; ++name) {
    taken.emplace_back(*name);
    std::free(*name);
  }
  std::free(static_cast<void*>(names));
  return taken;
}

}  // namespace

void notify_ready() {
  send("READY=1");
}

void notify_status(const std::string& status) {
  send("STATUS=" + escaped_controls(status));
}

void notify_reloading() {
  send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void notify_stopping() {
  send("STOPPING=1");
}

void notify_watchdog() {
  send("WATCHDOG=1");
}

void extend_timeout(std::chrono::microseconds by) {
  send("EXTEND_TIMEOUT_USEC=" + std::to_string(by.count()));
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

std::vector<PassedSocket> passed_sockets() {
  char** raw_names = nullptr;
  const int count = sd_listen_fds_with_names(1, &raw_names);
  const std::vector<std::string> names = take_names(raw_names);
  std::vector<PassedSocket> sockets;
  if (count < 0) {
    log::warning("The sockets that systemd passed cannot be used: " +
                 std::generic_category().message(-count) + ".");
    return sockets;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int fd = SD_LISTEN_FDS_START + static_cast<int>(i);
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0) {
      sockets.push_back({fd, names[i]});
    } else {
      log::warning("The socket '" + names[i] +
                   "' that systemd passed is no listening stream socket; it is not used.");
      close(fd);
    }
  }
  return sockets;
}

}  // namespace llmspool::service
