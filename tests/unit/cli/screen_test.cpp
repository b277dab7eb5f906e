// SPDX-License-Identifier: MIT
// A terminal that is taken over and given back, on a real pseudoterminal.
#include "screen.hpp"

#include <gmock/gmock.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace llmspool::cli {
namespace {

constexpr const char* kTaken = "\x1b[?1049h\x1b[?25l";
constexpr const char* kGivenBack = "\x1b[?25h\x1b[?1049l";

class ScreenTest : public testing::Test {
 protected:
  // A child that shows one line until a key comes or the terminal goes.
  ScreenTest() {
    child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (child_ != 0) return;
    {
      Screen screen;
      screen.draw({"ready", "second"});
      for (auto typed = screen.read(std::chrono::minutes(1)); typed && typed->empty();)
        typed = screen.read(std::chrono::minutes(1));
    }
    ::_exit(0);
  }
  ~ScreenTest() override { ::close(terminal_); }

  // What the child writes, up to and including `end`.
  std::string until(const std::string& end) {
    std::string text;
    std::array<char, 256> block{};
    while (!text.ends_with(end)) {
      const auto count = ::read(terminal_, block.data(), block.size());
      if (count <= 0) break;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  bool is_raw() const {
    termios settings{};
    ::tcgetattr(terminal_, &settings);
    return (settings.c_lflag & (ICANON | ECHO)) == 0;
  }

  int end_of_child() const {
    int status = 0;
    ::waitpid(child_, &status, 0);
    return status;
  }

  int terminal_ = -1;
  ::pid_t child_ = -1;
};

TEST_F(ScreenTest, ShowsItsLinesAndGivesTheTerminalBack) {
  EXPECT_EQ(until("\x1b[J"), std::string(kTaken) + "\x1b[Hready\x1b[K\r\nsecond\x1b[K\x1b[J");
  EXPECT_TRUE(is_raw());
  EXPECT_EQ(::write(terminal_, "q", 1), 1);
  EXPECT_EQ(until(kGivenBack), kGivenBack);
  EXPECT_EQ(end_of_child(), 0);
  EXPECT_FALSE(is_raw());
}

TEST_F(ScreenTest, GivesTheTerminalBackBeforeASignalEndsTheTool) {
  until("\x1b[J");
  ::kill(child_, SIGTERM);
  EXPECT_EQ(until(kGivenBack), kGivenBack);
  const auto status = end_of_child();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_FALSE(is_raw());
}

TEST_F(ScreenTest, GivesTheTerminalBackWhileTheToolIsStopped) {
  until("\x1b[J");
  EXPECT_EQ(::write(terminal_, "\x1a", 1), 1);  // Ctrl-Z
  int status = 0;
  ::waitpid(child_, &status, WUNTRACED);
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_FALSE(is_raw());
  ::kill(child_, SIGCONT);
  EXPECT_EQ(until(kTaken), std::string(kGivenBack) + kTaken);
  EXPECT_TRUE(is_raw());
  EXPECT_EQ(::write(terminal_, "q", 1), 1);
  EXPECT_EQ(end_of_child(), 0);
}

}  // namespace
}  // namespace llmspool::cli
