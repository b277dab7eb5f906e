// SPDX-License-Identifier: MIT
// What a GET gives, in a file: nothing but a file is ever replaced, and only if asked to.
#include "download.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <fstream>
#include <future>

#include "canned_server.hpp"
#include "scratch_directory.hpp"

namespace llmspool::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

class DownloadTest : public ScratchDirectoryTest {
 protected:
  std::uint64_t download(const std::string& answer, bool replace,
                         const std::string& name = "backup.db") {
    CannedServer server({answer});
    return download_file(Api(client::Client::unix_socket(server.path())), "/backup", path(name),
                         0600, replace);
  }

  // What the person is told before the daemon is asked.
  std::string refusal(const std::string& name, bool replace) {
    try {
      download_file(Api(client::Client::unix_socket("/nonexistent")), "/backup", path(name), 0600,
                    replace);
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::usage);
      return failure.what();
    }
    return "";
  }

  const std::string whole_ = answer("200 OK", "application/vnd.sqlite3", "new");
};

TEST_F(DownloadTest, IsForTheOwnerAlone) {
  EXPECT_EQ(download(chunked("application/vnd.sqlite3", {"some", " bytes"}, true), false), 10);
  EXPECT_EQ(content_of("backup.db"), "some bytes");
  EXPECT_THAT(names(), ElementsAre("backup.db"));
  struct stat facts{};
  ::stat(path("backup.db").c_str(), &facts);
  EXPECT_EQ(facts.st_mode & 0777, 0600);
}

TEST_F(DownloadTest, LeavesNothingWhereItFails) {
  EXPECT_THROW(download(chunked("application/vnd.sqlite3", {"some"}, false), false), Failure);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THROW(
      download(answer("403 Forbidden", "application/problem+json", R"({"detail":"No."})"), false),
      Refusal);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(DownloadTest, ReplacesAFileOnlyIfAskedToAndOnlyByAWholeOne) {
  std::ofstream(path("backup.db")) << "old";
  EXPECT_THAT(refusal("backup.db", false), EndsWith("exists: use --force to replace it."));
  EXPECT_THROW(download(chunked("application/vnd.sqlite3", {"half"}, false), true), Failure);
  EXPECT_EQ(content_of("backup.db"), "old");
  download(whole_, true);
  EXPECT_EQ(content_of("backup.db"), "new");
}

TEST_F(DownloadTest, ReplacesTheFileThatALinkLeadsTo) {
  fs::create_directory(path("disk"));
  std::ofstream(path("disk/real.db")) << "old";
  fs::create_symlink("disk/real.db", path("backup.db"));
  EXPECT_THAT(refusal("backup.db", false), EndsWith("exists: use --force to replace it."));
  download(whole_, true);
  EXPECT_TRUE(fs::is_symlink(path("backup.db")));
  EXPECT_EQ(content_of("disk/real.db"), "new");
  EXPECT_FALSE(fs::exists(path("disk/real.db.partial")));
}

TEST_F(DownloadTest, WritesThroughAPipe) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", path("link"));
  for (const char* name : {"pipe", "link"})
    for (const bool replace : {false, true}) {
      auto read = std::async(std::launch::async, [&] { return content_of("pipe"); });
      EXPECT_EQ(download(whole_, replace, name), 3);
      EXPECT_EQ(read.get(), "new");
      EXPECT_TRUE(fs::is_fifo(path("pipe")));
    }
  EXPECT_TRUE(fs::is_symlink(path("link")));
}

TEST_F(DownloadTest, ReplacesNothingElse) {
  fs::create_directory(path("folder"));
  fs::create_symlink("nowhere", path("link"));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  for (const bool replace : {false, true}) {
    EXPECT_THAT(refusal("folder", replace), EndsWith("is a directory: name a file in it."));
    for (const char* name : {"link", "socket"})
      EXPECT_THAT(refusal(name, replace),
                  EndsWith("is no regular file and is not replaced: name another."));
  }
  ::close(socket);
}

TEST_F(DownloadTest, WritesToNoTerminal) {
  const int controller = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_EQ(::grantpt(controller) + ::unlockpt(controller), 0);
  fs::create_symlink(::ptsname(controller), path("terminal"));
  EXPECT_THAT(refusal("terminal", true), EndsWith("is a terminal: name a file."));
  ::close(controller);
}

TEST_F(DownloadTest, KnowsStandardOutputByWhereItLeads) {
  EXPECT_TRUE(is_standard_output("-"));
  EXPECT_TRUE(is_standard_output("/dev/stdout"));
  EXPECT_FALSE(is_standard_output(""));
  EXPECT_FALSE(is_standard_output(path("none")));
}

}  // namespace
}  // namespace llmspool::cli
