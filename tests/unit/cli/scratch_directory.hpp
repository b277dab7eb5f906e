// SPDX-License-Identifier: MIT
// A directory of a test's own, empty at its beginning and gone after its end.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace llmspool::cli {

namespace fs = std::filesystem;

class ScratchDirectoryTest : public testing::Test {
 protected:
  ScratchDirectoryTest() {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  ~ScratchDirectoryTest() override { fs::remove_all(directory_); }

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

  const fs::path directory_ = fs::temp_directory_path() / ("llmspool-" + name_of_test());

 private:
  static std::string name_of_test() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return std::string(test->test_suite_name()) + '-' + test->name();
  }
};

}  // namespace llmspool::cli
