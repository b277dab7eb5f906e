// SPDX-License-Identifier: MIT
// Files that become whole or leave nothing behind.
#include "new_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "canned_server.hpp"

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

  std::uint64_t download(const std::string& answer, bool replace) {
    CannedServer server({answer});
    return download_file(Api(client::Client::unix_socket(server.path())), "/backup",
                         path("backup.db"), 0600, replace);
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

TEST_F(NewFileTest, DownloadsForTheOwnerAlone) {
  EXPECT_EQ(download(chunked("application/vnd.sqlite3", {"some", " bytes"}, true), false), 10);
  EXPECT_EQ(content_of("backup.db"), "some bytes");
  EXPECT_THAT(names(), ElementsAre("backup.db"));
  struct stat facts{};
  ::stat(path("backup.db").c_str(), &facts);
  EXPECT_EQ(facts.st_mode & 0777, 0600);
}

TEST_F(NewFileTest, ADownloadThatFailsLeavesNothing) {
  EXPECT_THROW(download(chunked("application/vnd.sqlite3", {"some"}, false), false), Failure);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THROW(
      download(answer("403 Forbidden", "application/problem+json", R"({"detail":"No."})"), false),
      Refusal);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(NewFileTest, ADownloadReplacesAFileOnlyIfAskedToAndOnlyByAWholeOne) {
  std::ofstream(path("backup.db")) << "old";
  EXPECT_THROW(download_file(Api(client::Client::unix_socket("/nonexistent")), "/backup",
                             path("backup.db"), 0600, false),
               Failure);
  EXPECT_THROW(download(chunked("application/vnd.sqlite3", {"half"}, false), true), Failure);
  EXPECT_EQ(content_of("backup.db"), "old");
  download(answer("200 OK", "application/vnd.sqlite3", "new"), true);
  EXPECT_EQ(content_of("backup.db"), "new");
}

}  // namespace
}  // namespace llmspool::cli
