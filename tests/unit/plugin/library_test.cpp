// SPDX-License-Identifier: MIT
#include "plugin/library.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace llmspool::plugin {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kBuild = LLMSPOOL_BUILD_DIR;

std::string refusal(const fs::path& file) {
  const auto library = Library::open(file);
  return library ? "" : library.error().message;
}

// A file of a test's own, gone with it.
class OwnFile : public testing::Test {
 protected:
  const fs::path directory_ =
      fs::temp_directory_path() / ("llmspool-library-" + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }
};

TEST(Library, LoadsAPluginThatFits) {
  const auto library = Library::open(kBuild / "plugins/echo.so");
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_STREQ((*library)->entry().id, "org.llmspool.echo");
  ASSERT_NE((*library)->backends(), nullptr);
  EXPECT_EQ((*library)->optimizers(), nullptr);
  EXPECT_STREQ((*library)->backends()->describe(0)->id, "echo");
}

TEST(Library, RefusesAnotherMajorAndNamesBothNumbers) {
  EXPECT_THAT(refusal(kBuild / "liars/wrong_major/wrong_major.so"),
              AllOf(HasSubstr("wrong_major.so"), HasSubstr("2.7"), HasSubstr("1.0")));
}

TEST(Library, RefusesALibraryThatIsNoPlugin) {
  EXPECT_THAT(refusal(kBuild / "liars/no_entry/no_entry.so"),
              HasSubstr("exports no 'llmspool_plugin'"));
}

TEST(Library, RefusesAPluginThatOffersNothing) {
  EXPECT_THAT(refusal(kBuild / "liars/no_factory/no_factory.so"), HasSubstr("offers neither"));
}

TEST(Library, RefusesAPluginThatCountsParamsAndListsNone) {
  EXPECT_THAT(refusal(kBuild / "liars/no_params/no_params.so"),
              HasSubstr("one of the params of its 'forgetful' is missing"));
}

TEST(Library, RefusesAPluginThatThrowsInsteadOfAnOffer) {
  EXPECT_THAT(refusal(kBuild / "liars/no_offer/no_offer.so"),
              HasSubstr("it threw: The table of models is not there"));
}

TEST(Library, StaysMappedOnceItIsLoaded) {
  for (const auto* name : {"odd_answers", "no_factory"}) {
    const auto file = kBuild / "liars" / name / (std::string(name) + ".so");
    EXPECT_EQ(Library::open(file).has_value(), name == std::string("odd_answers"));
    EXPECT_NE(::dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD), nullptr) << file;
  }
}

TEST_F(OwnFile, ThatIsTextIsRefusedWithTheLoadersReason) {
  std::ofstream(directory_ / "notes.so") << "These are just notes";
  EXPECT_THAT(refusal(directory_ / "notes.so"),
              AllOf(HasSubstr("notes.so"), HasSubstr("notes.so: file too short)")));
}

TEST_F(OwnFile, ThatEverybodyMayWriteToIsRefused) {
  const auto file = directory_ / "echo.so";
  fs::copy_file(kBuild / "plugins/echo.so", file);
  ::chmod(file.c_str(), 0777);
  EXPECT_THAT(refusal(file), HasSubstr("chmod o-w"));
}

TEST_F(OwnFile, ThatIsADirectoryIsRefused) {
  fs::create_directories(directory_ / "folder.so");
  EXPECT_THAT(refusal(directory_ / "folder.so"), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace llmspool::plugin
