// SPDX-License-Identifier: MIT
#include "http/listener.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace llmspool::http {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SocketPath : public testing::Test {
 protected:
  SocketPath() {
    char name[] = "/tmp/llmspool-listener-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~SocketPath() override { fs::remove_all(directory_); }

  fs::path directory_;
};

TEST_F(SocketPath, IsMadeWithItsDirectoryAndRemovedAtTheEnd) {
  const fs::path path = directory_ / "run" / "s.sock";
  {
    const auto listener = Listener::on_path(path);
    ASSERT_TRUE(listener) << listener.error().message;
    struct stat status{};
    ASSERT_EQ(lstat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 07777, 0660U);
    EXPECT_EQ(listener->transport(), Transport::unix_socket);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(SocketPath, ReplacesAFileThatNobodyListensOn) {
  const fs::path path = directory_ / "s.sock";
  {
    auto first = Listener::on_path(path);
    ASSERT_TRUE(first);
    fs::create_hard_link(path, directory_ / "kept");  // as after a crash
  }
  fs::rename(directory_ / "kept", path);
  EXPECT_TRUE(Listener::on_path(path));
}

TEST_F(SocketPath, IsRefusedWhileAnotherListens) {
  const fs::path path = directory_ / "s.sock";
  const auto first = Listener::on_path(path);
  const auto second = Listener::on_path(path);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("s.sock (server.socket) is in use"));
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(SocketPath, IsRefusedWhereAnotherFileIs) {
  const fs::path path = directory_ / "precious";
  std::ofstream(path) << "text";
  const auto listener = Listener::on_path(path);
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().message, HasSubstr("is no socket"));
  EXPECT_EQ(fs::file_size(path), 4U);
}

TEST_F(SocketPath, IsRefusedWhereItCannotBe) {
  const auto longest = Listener::on_path(directory_ / std::string(120, 'x'));
  ASSERT_FALSE(longest);
  EXPECT_THAT(longest.error().message, HasSubstr("too long"));
  std::ofstream(directory_ / "file") << "x";
  const auto below = Listener::on_path(directory_ / "file" / "s.sock");
  ASSERT_FALSE(below);
  EXPECT_THAT(below.error().message, HasSubstr("server.socket"));
}

TEST_F(SocketPath, LeavesAnothersFileAloneAtTheEnd) {
  const fs::path path = directory_ / "s.sock";
  auto first = std::optional(*Listener::on_path(path));
  fs::remove(path);
  std::ofstream(path) << "another's";
  first.reset();
  EXPECT_TRUE(fs::exists(path));
}

TEST(TcpAddress, GivesThePortThatItGot) {
  const auto listener = Listener::on_address("127.0.0.1:0");
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_GT(listener->port(), 0);
  const std::string same = "localhost:" + std::to_string(listener->port());
  const auto second = Listener::on_address(same);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(same + " (server.listen) is in use"));
}

TEST(TcpAddress, IsRefusedWhereItIsNoneOrNotLoopback) {
  for (const auto* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", ":1",
                           "::1:80", "name.example:80", "127.0.0.1:80 "}) {
    const auto listener = Listener::on_address(text);
    ASSERT_FALSE(listener) << text;
    EXPECT_THAT(listener.error().message, HasSubstr("server.listen")) << text;
  }
  for (const auto* text : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const auto listener = Listener::on_address(text);
    ASSERT_FALSE(listener) << text;
    EXPECT_THAT(listener.error().message, HasSubstr("loopback")) << text;
  }
}

TEST_F(SocketPath, IsLeftAloneWherePassedByAnother) {
  const fs::path path = directory_ / "s.sock";
  auto made = Listener::on_path(path);
  ASSERT_TRUE(made);
  {
    const auto passed = Listener::from_fd(dup(made->fd()));
    ASSERT_TRUE(passed) << passed.error().message;
    EXPECT_EQ(passed->transport(), Transport::unix_socket);
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST(PassedSocket, MustListenOnALoopbackAddress) {
  EXPECT_FALSE(Listener::from_fd(-1));
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_FALSE(Listener::from_fd(pair[0]));
  close(pair[0]);
  close(pair[1]);
  const int open = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(listen(open, 1), 0);  // bound to 0.0.0.0
  const auto refused = Listener::from_fd(open);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("loopback"));
  close(open);
}

}  // namespace
}  // namespace llmspool::http
