// SPDX-License-Identifier: MIT
// Files that become whole or leave nothing behind.
#include "new_file.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "exit_code.hpp"
#include "scratch_directory.hpp"

namespace llmspool::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using NewFileTest = ScratchDirectoryTest;

TEST_F(NewFileTest, IsKeptOnlyIfItIsWhole) {
  {
    NewFile file(path("a"), 0666, "");
    file.write("half");
    EXPECT_EQ(content_of("a"), "half");
  }
  EXPECT_THAT(names(), IsEmpty());
  NewFile file(path("a"), 0666, "");
  file.write("whole");
  file.keep_as(path("b"));
  EXPECT_EQ(content_of("b"), "whole");
  EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(NewFileTest, TouchesNoFileThatExists) {
  std::ofstream(path("a")) << "mine";
  try {
    const NewFile file(path("a"), 0666, "take another name");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.what(), "The file '" + path("a") + "' exists: take another name.");
  }
  EXPECT_EQ(content_of("a"), "mine");
}

TEST_F(NewFileTest, LeavesNothingWhereASignalEndsTheTool) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const auto child = ::fork();
    if (child == 0) {
      ::signal(signal, SIG_DFL);  // whoever runs this may ignore it
      const NewFile file(path("a"), 0666, "");
      if (fs::exists(path("a"))) ::raise(signal);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    EXPECT_THAT(names(), IsEmpty());
  }
}

TEST_F(NewFileTest, MindsNoSignalThatIsIgnored) {
  const auto child = ::fork();
  if (child == 0) {
    ::signal(SIGHUP, SIG_IGN);  // as nohup does
    NewFile file(path("a"), 0666, "");
    ::raise(SIGHUP);
    file.keep_as(path("a"));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(names(), ElementsAre("a"));
}

}  // namespace
}  // namespace llmspool::cli
