// SPDX-License-Identifier: MIT
#include "plugin/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmspool::plugin {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const fs::path kBuild = LLMSPOOL_BUILD_DIR;

config::Config with_plugins(std::initializer_list<const char*> directories) {
  config::Config config;
  config.state.directory = "/nowhere";
  for (const auto* directory : directories)
    config.plugins.directories.push_back(kBuild / directory);
  return config;
}

TEST(Registry, UsesWhatNeedsNoConfigurationUnderItsOwnName) {
  const auto registry = Registry::load(with_plugins({"plugins"}));
  ASSERT_TRUE(registry) << registry.error().message;
  const auto echo = (*registry)->backend("echo");
  ASSERT_NE(echo, nullptr);
  EXPECT_EQ(echo->concurrency(), 4);
  EXPECT_EQ((*registry)->backend("none"), nullptr);
}

TEST(Registry, NamesAnInstanceAsTheConfigurationDoes) {
  auto config = with_plugins({"plugins"});
  config.backends["parrot"] = {.plugin = "echo", .concurrency = 2, .options = {}, .position = {}};
  const auto registry = Registry::load(config);
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_EQ((*registry)->backend("parrot")->concurrency(), 2);
  EXPECT_EQ((*registry)->backend("echo"), nullptr);
  EXPECT_EQ((*registry)->default_backend(), "parrot");
}

TEST(Registry, KeepsGoingWithoutAPluginThatDoesNotFit) {
  const auto registry = Registry::load(with_plugins({"liars/wrong_major", "plugins"}));
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_NE((*registry)->backend("echo"), nullptr);
  const auto& refused = (*registry)->plugins().front();
  EXPECT_FALSE(refused.loaded);
  EXPECT_THAT(refused.reason, HasSubstr("ABI"));
}

TEST(Registry, KeepsGoingWithoutInstancesThatAreIncomplete) {
  const auto registry = Registry::load(with_plugins({"liars/halves"}));
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_THAT((*registry)->backends(), IsEmpty());
  EXPECT_THAT((*registry)->optimizers(), IsEmpty());
  EXPECT_THAT((*registry)->plugins().front().reason, HasSubstr("lacks a function"));
}

TEST(Registry, RefusesAConfigurationThatNamesNoPlugin) {
  auto config = with_plugins({"plugins"});
  config.backends["gpu"] = {
      .plugin = "lama", .concurrency = 0, .options = {}, .position = {"a.toml", 7, 1}};
  const auto registry = Registry::load(config);
  ASSERT_FALSE(registry);
  EXPECT_THAT(registry.error().message,
              AllOf(HasSubstr("a.toml:7:1"), HasSubstr("'lama'"), HasSubstr("echo")));
}

TEST(Registry, RefusesAnOptionThatThePluginDoesNotHave) {
  auto config = with_plugins({"plugins"});
  config.backends["echo"] = {.plugin = "echo",
                             .concurrency = 0,
                             .options = {{{"sped", 1}}, {{"sped", {"a.toml", 9, 3}}}},
                             .position = {"a.toml", 8, 1}};
  const auto registry = Registry::load(config);
  ASSERT_FALSE(registry);
  EXPECT_THAT(registry.error().message,
              AllOf(HasSubstr("a.toml:9:3"), HasSubstr("backends.echo.sped")));
}

TEST(Registry, RefusesConcurrencyThatThePluginCannotDo) {
  auto config = with_plugins({"liars/odd_answers"});
  config.backends["odd"] = {
      .plugin = "odd", .concurrency = 2, .options = {}, .position = {"a.toml", 1, 1}};
  const auto registry = Registry::load(config);
  ASSERT_FALSE(registry);
  EXPECT_THAT(registry.error().message, HasSubstr("one job at a time"));
}

TEST(Registry, MakesTheDefaultWhatIsForMoreThanTrials) {
  auto config = with_plugins({"plugins", "liars/odd_answers"});
  EXPECT_NE(Registry::load(config).value()->default_backend(), "echo");
  config.backends["second"] = {.plugin = "odd", .concurrency = 0, .options = {}, .position = {}};
  config.backends["odd"] = {.plugin = "odd", .concurrency = 0, .options = {}, .position = {}};
  config.backends["echo"] = {.plugin = "echo", .concurrency = 0, .options = {}, .position = {}};
  EXPECT_EQ(Registry::load(config).value()->default_backend(), "odd");
  config.queue.default_backend = "echo";
  EXPECT_EQ(Registry::load(config).value()->default_backend(), "echo");
}

TEST(Registry, RefusesADefaultThatIsNoBackend) {
  auto config = with_plugins({"plugins"});
  config.queue.default_backend = "none";
  const auto registry = Registry::load(config);
  ASSERT_FALSE(registry);
  EXPECT_THAT(registry.error().message, HasSubstr("'none' names no backend; there are: "));
}

TEST(Registry, WorksWithoutAnyPlugin) {
  const auto registry = Registry::load(with_plugins({"no-such-directory"}));
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_EQ((*registry)->default_backend(), "");
}

TEST(Registry, TellsWhichOfTwoPluginsOfOneNameIsUsed) {
  const auto registry = Registry::load(with_plugins({"liars/odd_answers", "liars/odd_answers"}));
  ASSERT_TRUE(registry) << registry.error().message;
  EXPECT_EQ((*registry)->backends().size(), 1U);
  EXPECT_THAT((*registry)->plugins()[1].reason, HasSubstr("already offered"));
}

}  // namespace
}  // namespace llmspool::plugin
