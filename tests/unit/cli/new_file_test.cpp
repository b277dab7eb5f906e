// SPDX-License-Identifier: MIT
// Files that become whole or leave nothing behind.
#include "new_file.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "exit_code.hpp"

namespace llmspool::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class NewFileTest : public testing::Test {
 protected:
  NewFileTest() {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~NewFileTest() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string content_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ / name).rdbuf();
    return text.str();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_))
      names.push_back(entry.path().filename().string());
    return names;
  }

 private:
  const fs::path directory_ =
      fs::temp_directory_path() /
      ("llmspool-new-file-" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(NewFileTest, IsKeptOnlyIfItIsWhole) {
  {
    NewFile file(path("a"), 0666, "");
    file.write("half");
    EXPECT_EQ(content_of("a"), "half");
  }
  EXPECT_THAT(names(), IsEmpty());
  NewFile file(path("a"), 0666, "");
  file.write("whole");
  file.keep();
  EXPECT_EQ(content_of("a"), "whole");
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
    file.keep();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(names(), ElementsAre("a"));
}

}  // namespace
}  // namespace llmspool::cli
