// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <llmspool/testing.hpp>
#include <string>
#include <vector>

#include "llamacpp/model_store.hpp"

namespace {

using llmspool::Failure;
using llmspool::llamacpp::ModelStore;
namespace fs = std::filesystem;

class ModelStoreTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& content = "x") {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << content;
  }
  std::vector<std::string> ids(const ModelStore& from) {
    std::vector<std::string> all;
    for (const auto& model : from.list()) all.push_back(model.id);
    return all;
  }
  std::string failure(const ModelStore& from, const std::string& id) {
    try {
      from.find(id);
    } catch (const Failure& problem) {
      return problem.what();
    }
    return "";
  }

  llmspool::testing::FakeHost host;
  fs::path folder = host.data_directory();
  ModelStore store{{folder}, ""};
};

TEST_F(ModelStoreTest, lists_the_models_of_a_folder) {
  put("b.gguf", "four");
  put("a.Q4_K_M.gguf");
  put("notes.txt");
  put("mmproj-a.gguf");
  put("below/c.gguf");
  EXPECT_EQ(ids(store), (std::vector<std::string>{"a.Q4_K_M", "b"}));
  EXPECT_EQ(store.find("b").size_bytes, 4U);
  EXPECT_EQ(store.find("b").path, folder / "b.gguf");
  EXPECT_EQ(store.find("").id, "a.Q4_K_M");
}

TEST_F(ModelStoreTest, takes_the_parts_of_a_model_as_one) {
  put("big-00001-of-00002.gguf", "123");
  put("big-00002-of-00002.gguf", "12345");
  put("lost-00002-of-00002.gguf");
  EXPECT_EQ(ids(store), std::vector<std::string>{"big"});
  EXPECT_EQ(store.find("big").path, folder / "big-00001-of-00002.gguf");
  EXPECT_EQ(store.find("big").size_bytes, 8U);
}

TEST_F(ModelStoreTest, takes_files_as_places_and_the_first_of_two_of_a_name) {
  put("one/a.gguf", "1");
  put("two/a.gguf", "22");
  const ModelStore two_places{{folder / "two/a.gguf", folder / "one", folder / "missing"}, ""};
  EXPECT_EQ(ids(two_places), std::vector<std::string>{"a"});
  EXPECT_EQ(two_places.find("a").size_bytes, 2U);
}

TEST_F(ModelStoreTest, notices_a_file_that_is_replaced) {
  put("a.gguf", "1");
  const auto before = store.find("a");
  EXPECT_EQ(before, store.find("a"));
  put("a.gguf", "22");
  EXPECT_NE(before, store.find("a"));
}

TEST_F(ModelStoreTest, says_what_is_missing) {
  EXPECT_EQ(failure(store, ""), "There is no model: put a .gguf file into " + folder.string() +
                                    ", then resume the backend");
  put("a.gguf");
  put("b.gguf");
  EXPECT_EQ(failure(store, "c"), "There is no model \"c\"; there is a, b");
  EXPECT_EQ(failure(ModelStore({folder}, "d"), ""),
            "The default model \"d\" is not there; there is a, b");
  EXPECT_EQ(ModelStore({folder}, "b").find("").id, "b");
}

}  // namespace
