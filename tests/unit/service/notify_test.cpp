// SPDX-License-Identifier: MIT
#include "service/notify.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace llmspool::service {
namespace {

using namespace std::chrono_literals;

// What systemd would be: the receiver of datagrams under $NOTIFY_SOCKET.
class FakeSystemd {
 public:
  // A name that begins with @ is an abstract one.
  explicit FakeSystemd(const std::string& name)
      : path_(name), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@'))
      address.sun_path[0] = '\0';
    else
      std::filesystem::remove(name);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~FakeSystemd() {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
    if (!path_.starts_with('@')) std::filesystem::remove(path_);
  }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  // The next datagram; empty: none.
  std::string take() {
    std::array<char, 4096> buffer{};
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  std::string path_;
  int fd_;
};

TEST(Notify, SaysWhatSystemdUnderstands) {
  for (const std::string& name : {testing::TempDir() + "/notify_test.sock",
                                  "@llmspool_notify_test_" + std::to_string(getpid())}) {
    FakeSystemd systemd(name);
    notify_ready();
    EXPECT_EQ(systemd.take(), "READY=1");
    notify_status("3 running, 12 queued");
    EXPECT_EQ(systemd.take(), "STATUS=3 running, 12 queued");
    notify_status("a\nREADY=1");
    EXPECT_EQ(systemd.take(), "STATUS=a\\nREADY=1");
    notify_reloading();
    EXPECT_THAT(systemd.take(), testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*"));
    notify_stopping();
    EXPECT_EQ(systemd.take(), "STOPPING=1");
    notify_watchdog();
    EXPECT_EQ(systemd.take(), "WATCHDOG=1");
    extend_timeout(2s);
    EXPECT_EQ(systemd.take(), "EXTEND_TIMEOUT_USEC=2000000");
    EXPECT_EQ(systemd.take(), "");
  }
}

TEST(Notify, DoesNothingWithoutSystemd) {
  unsetenv("NOTIFY_SOCKET");
  notify_ready();
  notify_reloading();
  setenv("NOTIFY_SOCKET", "/nowhere/notify.sock", 1);
  notify_ready();
  unsetenv("NOTIFY_SOCKET");
}

TEST(Watchdog, IsTheIntervalForThisProcess) {
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
  EXPECT_FALSE(watchdog_interval());
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(watchdog_interval(), 30s);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_interval(), 30s);
  setenv("WATCHDOG_PID", std::to_string(getpid() + 1).c_str(), 1);
  EXPECT_FALSE(watchdog_interval());
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_FALSE(watchdog_interval());
  unsetenv("WATCHDOG_USEC");
}

// Runs in a process of its own, where the descriptors from 3 on are free to be replaced.
[[noreturn]] void take_over_sockets() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const int listening = fcntl(socket(AF_UNIX, SOCK_STREAM, 0), F_DUPFD, 100);
  bool good =
      bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)) == 0 &&
      listen(listening, 1) == 0;
  const int null = fcntl(open("/dev/null", O_RDWR), F_DUPFD, 100);
  dup2(listening, 3);
  dup2(null, 4);
  dup2(listening, 5);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "3", 1);
  setenv("LISTEN_FDNAMES", "api-unix:odd:api-tcp", 1);

  const auto sockets = passed_sockets();
  good = good && sockets.size() == 2 && sockets[0].fd == 3 && sockets[0].name == "api-unix" &&
         sockets[1].fd == 5 && sockets[1].name == "api-tcp";
  good = good && fcntl(4, F_GETFD) == -1;  // what is no socket of ours is closed
  good = good && (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
  good = good && std::getenv("LISTEN_FDS") == nullptr && passed_sockets().empty();
  _exit(good ? 0 : 1);
}

TEST(PassedSockets, AreTakenOverWithTheirNames) {
  EXPECT_EXIT(take_over_sockets(), testing::ExitedWithCode(0), "");
}

TEST(PassedSockets, AreNotThoseOfAnotherProcess) {
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "1", 1);
  EXPECT_TRUE(passed_sockets().empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
}

TEST(PassedSockets, MayBeNone) {
  EXPECT_TRUE(passed_sockets().empty());
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "many", 1);
  EXPECT_TRUE(passed_sockets().empty());
}

}  // namespace
}  // namespace llmspool::service
