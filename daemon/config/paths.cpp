// SPDX-License-Identifier: MIT
#include "config/paths.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace llmspool::config {
namespace {

namespace fs = std::filesystem;

const fs::path kSystemFolder = "/etc/llmspool";

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

// The home directory that the user database knows; empty if it knows none.
std::string home_of_user() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return {};
  return entry.pw_dir;
}

// systemd gives a list if a unit has several; ours is the first.
std::string first_of(const std::string& list) {
  return list.substr(0, list.find(':'));
}

Paths system_paths(const Surroundings& around) {
  const auto given = [&](const char* name, const fs::path& otherwise) {
    const std::string path = first_of(around.variable(name));
    return path.empty() ? otherwise : fs::path(path);
  };
  Paths paths;
  paths.file = kSystemFolder / "llmspoold.toml";
  paths.state = given("STATE_DIRECTORY", "/var/lib/llmspool");
  paths.socket = given("RUNTIME_DIRECTORY", "/run/llmspool") / "llmspool.sock";
  paths.plugins = {LLMSPOOL_PLUGIN_DIR};
  paths.pipelines = {kSystemFolder / "pipelines"};
  return paths;
}

Paths user_paths(const Surroundings& around) {
  // The XDG specification has relative paths ignored.
  const auto xdg = [&](const char* name, const fs::path& in_home) {
    const fs::path path = around.variable(name);
    return (path.is_absolute() ? path : around.home / in_home) / "llmspool";
  };
  const fs::path config = xdg("XDG_CONFIG_HOME", ".config");
  const fs::path runtime = around.variable("XDG_RUNTIME_DIR");
  Paths paths;
  paths.file = config / "llmspoold.toml";
  paths.state = xdg("XDG_STATE_HOME", ".local/state");
  paths.socket = (runtime.is_absolute() ? runtime / "llmspool" : paths.state) / "llmspool.sock";
  paths.plugins = {LLMSPOOL_PLUGIN_DIR, xdg("XDG_DATA_HOME", ".local/share") / "plugins"};
  paths.pipelines = {kSystemFolder / "pipelines", config / "pipelines"};
  return paths;
}

}  // namespace

Surroundings surroundings() {
  std::string home = environment("HOME");
  return {geteuid() == 0, home.empty() ? home_of_user() : std::move(home), environment};
}

Paths default_paths(const Surroundings& around) {
  const bool is_service = around.root || !around.variable("STATE_DIRECTORY").empty();
  return is_service ? system_paths(around) : user_paths(around);
}

}  // namespace llmspool::config
