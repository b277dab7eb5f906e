// SPDX-License-Identifier: MIT
#include "config/paths.hpp"

#include <gtest/gtest.h>

#include <map>

namespace llmspool::config {
namespace {

Paths paths_of(bool root, std::map<std::string, std::string> variables) {
  return default_paths({root, "/home/ann", [variables](const char* name) {
                          const auto found = variables.find(name);
                          return found == variables.end() ? std::string() : found->second;
                        }});
}

TEST(Paths, OfRootAreTheSystems) {
  const Paths paths = paths_of(true, {{"XDG_STATE_HOME", "/x"}});
  EXPECT_EQ(paths.file, "/etc/llmspool/llmspoold.toml");
  EXPECT_EQ(paths.state, "/var/lib/llmspool");
  EXPECT_EQ(paths.socket, "/run/llmspool/llmspool.sock");
  ASSERT_EQ(paths.plugins.size(), 1U);
  EXPECT_TRUE(paths.plugins.front().is_absolute());
  EXPECT_TRUE(paths.plugins.front().string().ends_with("/llmspool/plugins"));
  EXPECT_EQ(paths.pipelines, (std::vector<std::filesystem::path>{"/etc/llmspool/pipelines"}));
}

TEST(Paths, OfAServiceAreWhatSystemdGave) {
  const Paths paths =
      paths_of(false, {{"STATE_DIRECTORY", "/var/lib/private/llmspool:/var/lib/more"},
                       {"RUNTIME_DIRECTORY", "/run/two"}});
  EXPECT_EQ(paths.file, "/etc/llmspool/llmspoold.toml");
  EXPECT_EQ(paths.state, "/var/lib/private/llmspool");
  EXPECT_EQ(paths.socket, "/run/two/llmspool.sock");
}

TEST(Paths, OfAUserAreInTheHomeDirectory) {
  const Paths paths = paths_of(false, {{"XDG_RUNTIME_DIR", "/run/user/1000"}});
  EXPECT_EQ(paths.file, "/home/ann/.config/llmspool/llmspoold.toml");
  EXPECT_EQ(paths.state, "/home/ann/.local/state/llmspool");
  EXPECT_EQ(paths.socket, "/run/user/1000/llmspool/llmspool.sock");
  ASSERT_EQ(paths.plugins.size(), 2U);
  EXPECT_EQ(paths.plugins[1], "/home/ann/.local/share/llmspool/plugins");
  EXPECT_EQ(paths.pipelines,
            (std::vector<std::filesystem::path>{"/etc/llmspool/pipelines",
                                                "/home/ann/.config/llmspool/pipelines"}));
}

TEST(Paths, OfAUserFollowXdg) {
  const Paths paths = paths_of(
      false,
      {{"XDG_CONFIG_HOME", "/c"}, {"XDG_STATE_HOME", "/s"}, {"XDG_DATA_HOME", "not/absolute"}});
  EXPECT_EQ(paths.file, "/c/llmspool/llmspoold.toml");
  EXPECT_EQ(paths.state, "/s/llmspool");
  EXPECT_EQ(paths.socket, "/s/llmspool/llmspool.sock");  // there is no runtime directory
  EXPECT_EQ(paths.plugins[1], "/home/ann/.local/share/llmspool/plugins");
}

}  // namespace
}  // namespace llmspool::config
