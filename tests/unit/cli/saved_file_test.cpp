// SPDX-License-Identifier: MIT
// Files of a job on the disk: nothing is written elsewhere, nothing is overwritten unasked.
#include "saved_file.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "exit_code.hpp"
#include "scratch_directory.hpp"

using namespace std::string_literals;

namespace llmspool::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CheckFileName, RefusesWhatCouldLieElsewhere) {
  for (const char* good : {"cv.md", "Grüße.txt", "a b", "a..b", "-rf"})
    EXPECT_NO_THROW(check_file_name(good));
  for (const auto& bad : {""s, "."s, ".."s, "/etc/passwd"s, "../cv.md"s, "a/b"s, ".bashrc"s,
                          "a\nb"s, "a\x1b[2J"s, "a\0b"s, "\xff"s})
    EXPECT_THROW(check_file_name(bad), Failure) << bad;
}

using SaveFileTest = ScratchDirectoryTest;

TEST_F(SaveFileTest, WritesTheBytes) {
  save_file(directory_, "a.bin", "a\0b"s, false);
  EXPECT_EQ(content_of("a.bin"), "a\0b"s);
}

TEST_F(SaveFileTest, ReplacesOnlyIfAskedTo) {
  save_file(directory_, "cv.md", "mine", false);
  EXPECT_THROW(save_file(directory_, "cv.md", "theirs", false), Failure);
  EXPECT_EQ(content_of("cv.md"), "mine");
  save_file(directory_, "cv.md", "theirs", true);
  EXPECT_EQ(content_of("cv.md"), "theirs");
}

// A disk on which files have room for so many bytes and no more.
class FullDisk {
 public:
  explicit FullDisk(::rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const ::rlimit full{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  ::rlimit before_{};
  void (*handler_before_)(int) = ::signal(SIGXFSZ, SIG_IGN);
};

TEST_F(SaveFileTest, LeavesNothingHalfWritten) {
  for (const bool replace : {false, true}) {
    const FullDisk disk(4);
    EXPECT_THROW(save_file(directory_, "new.md", "theirs", replace), Failure);
    EXPECT_THAT(names(), IsEmpty());
  }
  save_file(directory_, "cv.md", "mine", false);
  {
    const FullDisk disk(4);
    EXPECT_THROW(save_file(directory_, "cv.md", "theirs", true), Failure);
  }
  EXPECT_EQ(content_of("cv.md"), "mine");
  EXPECT_THAT(names(), ElementsAre("cv.md"));
}

// As it is when the tool is killed in the midst of writing.
TEST_F(SaveFileTest, WritesUnderAnotherNameFirst) {
  save_file(directory_, "cv.md", "mine", false);
  std::ofstream(directory_ / ".cv.md.partial") << "half";
  EXPECT_THROW(save_file(directory_, "cv.md", "theirs", true), Failure);
  EXPECT_EQ(content_of("cv.md"), "mine");
  EXPECT_EQ(content_of(".cv.md.partial"), "half");
}

TEST_F(SaveFileTest, LeavesAlonePartialFilesOfTheJobsOwn) {
  save_file(directory_, "cv.md.partial", "half", false);
  save_file(directory_, "cv.md", "whole", false);
  EXPECT_EQ(content_of("cv.md.partial"), "half");
}

TEST_F(SaveFileTest, FollowsNoLink) {
  save_file(directory_, "target", "precious", false);
  fs::create_symlink(directory_ / "target", directory_ / "link");
  EXPECT_THROW(save_file(directory_, "link", "x", false), Failure);
  save_file(directory_, "link", "x", true);
  EXPECT_EQ(content_of("target"), "precious");
  EXPECT_FALSE(fs::is_symlink(directory_ / "link"));
}

TEST_F(SaveFileTest, ReplacesNothingButAFile) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", directory_ / "link");
  for (const char* name : {"pipe", "link"})
    for (const bool replace : {false, true}) try {
        save_file(directory_, name, "x", replace);
        FAIL();
      } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), "The file '" + (directory_ / name).string() +
                                      "' is no regular file and is not replaced: use --output for "
                                      "another folder.");
      }
  EXPECT_TRUE(fs::is_fifo(directory_ / "pipe"));
  EXPECT_TRUE(fs::is_symlink(directory_ / "link"));
}

TEST_F(SaveFileTest, MakesTheFolder) {
  save_file(directory_ / "made/deep", "cv.md", "x", false);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "made/deep/cv.md"));
}

TEST_F(SaveFileTest, SaysWhichFolderCannotBe) {
  save_file(directory_, "taken", "x", false);
  try {
    save_file(directory_ / "taken", "cv.md", "x", false);
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_EQ(failure.what(), "The file '" + (directory_ / "taken/.cv.md.partial").string() +
                                  "' cannot be written: Not a directory.");
  }
}

}  // namespace
}  // namespace llmspool::cli
