// SPDX-License-Identifier: MIT
#include "pipeline/library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace llmspool::pipeline {
namespace {

namespace fs = std::filesystem;

class LibraryTest : public testing::Test {
 protected:
  LibraryTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("library_") + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "a");
    fs::create_directories(folder_ / "b");
  }
  ~LibraryTest() override { fs::remove_all(folder_); }

  void write(const std::string& file, const std::string& source) {
    std::ofstream(folder_ / file) << source;
  }
  static std::string pipeline(const std::string& name, const std::string& input) {
    return "name = '" + name + "'\n[[inputs]]\nname = '" + input +
           "'\nrequired = true\naliases = ['" + input +
           "_file']\n[[steps]]\nname = 's'\noptimizer = 'ats'\n";
  }
  Result<Library> load() {
    return Library::load({folder_ / "a", folder_ / "none", folder_ / "b"}, {"ats"});
  }

  fs::path folder_;
};

TEST_F(LibraryTest, ReadsTheDirectoriesInOrder) {
  write("a/2.toml", pipeline("second", "cv"));
  write("a/1.toml", pipeline("first", "letter"));
  write("b/0.toml", pipeline("third", "cv"));
  write("a/.hidden.toml", "wrong");
  write("a/notes.txt", "wrong");
  fs::create_directory(folder_ / "a/folder.toml");
  const auto library = load();
  ASSERT_TRUE(library) << library.error().message;
  ASSERT_EQ(library->all().size(), 3U);
  EXPECT_EQ(library->all()[0]->name, "first");
  EXPECT_EQ(library->all()[2]->name, "third");
  EXPECT_EQ(library->find("second")->name, "second");
  EXPECT_EQ(library->find("fourth"), nullptr);
}

TEST_F(LibraryTest, ChoosesTheFirstThatHasWhatItRequires) {
  write("a/1.toml", pipeline("first", "letter"));
  write("a/2.toml", pipeline("second", "cv"));
  write("b/3.toml", pipeline("third", "cv"));
  const auto library = load();
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_EQ(library->choose({"cv", "other"})->name, "second");
  EXPECT_EQ(library->choose({"cv_file"})->name, "second");
  EXPECT_EQ(library->choose({"letter_file", "cv"})->name, "first");
  EXPECT_EQ(library->choose({"other"}), nullptr);
  EXPECT_EQ(library->choose({}), nullptr);
}

TEST_F(LibraryTest, IsEmptyWithoutFiles) {
  const auto library = load();
  ASSERT_TRUE(library);
  EXPECT_TRUE(library->all().empty());
  EXPECT_EQ(library->choose({"cv"}), nullptr);
}

TEST_F(LibraryTest, TellsEveryWrongFile) {
  write("a/1.toml", pipeline("first", "cv"));
  write("a/2.toml", "name = ");
  write("b/1.toml", pipeline("first", "cv"));
  write("b/2.toml", "name = 'p'\n[[steps]]\nname = 's'\noptimizer = 'atz'\n");
  const auto library = load();
  ASSERT_FALSE(library);
  const std::string message = library.error().message;
  EXPECT_THAT(message, testing::StartsWith((folder_ / "a/2.toml").string() + ":1:8: "));
  EXPECT_THAT(message, testing::HasSubstr("\n" + (folder_ / "b/1.toml").string() +
                                          ":1:8: the pipeline 'first' is there already: " +
                                          (folder_ / "a/1.toml").string() + ":1:8"));
  EXPECT_THAT(message, testing::HasSubstr("\n" + (folder_ / "b/2.toml").string() +
                                          ":4:13: there is no optimizer 'atz'"));
}

TEST_F(LibraryTest, RefusesAFileWhereADirectoryShouldBe) {
  const auto library = [&] {
    write("a/1.toml", "");
    return Library::load({folder_ / "a/1.toml"}, {});
  }();
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message, testing::HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace llmspool::pipeline
