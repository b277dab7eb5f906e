// SPDX-License-Identifier: MIT
#include "config/config.hpp"

#include <sys/un.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/address.hpp"
#include "config/paths.hpp"
#include "toml/json.hpp"
#include "toml/nearest.hpp"
#include "toml/table.hpp"

namespace llmspool::config {
namespace {

namespace fs = std::filesystem;
using toml::Member;
using toml::Table;
using toml::Text;

// A path as the file means it: relative ones start at the file's own folder.
fs::path resolved(const std::string& path, const fs::path& folder) {
  return (folder / path).lexically_normal();
}

void read_socket(Table& table, const fs::path& folder, std::string& socket) {
  const auto text = table.text("socket", "\"/run/llmspool/llmspool.sock\"");
  if (!text) return;
  socket = text->value.empty() ? "" : resolved(text->value, folder).string();
  constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.size() > kPathBytesMax)
    table.wrong(text->at(), table.called("socket") +
                                " is too long: the path of a Unix socket has " +
                                std::to_string(kPathBytesMax) + " bytes at most, this one (" +
                                socket + ") " + std::to_string(socket.size()));
}

// A list of texts, each of which `wrong_with` must find nothing wrong with.
void read_checked(Table& table, std::string_view key, std::string_view example,
                  std::string (*wrong_with)(std::string_view), std::vector<std::string>& values) {
  const auto texts = table.texts(key, example);
  if (!texts) return;
  values.clear();
  for (const Text& text : *texts) {
    std::string wrong = wrong_with(text.value);
    if (wrong.empty() && std::ranges::find(values, text.value) != values.end())
      wrong = "it is there twice";
    if (wrong.empty())
      values.push_back(text.value);
    else
      table.wrong(text.at(), table.called(key) + " cannot have '" + text.value + "': " + wrong);
  }
}

void read_directory(Table& table, const fs::path& folder, fs::path& directory) {
  const auto text = table.text("directory", "\"/var/lib/llmspool\"");
  if (!text) return;
  if (text->value.empty()) table.wrong(text->at(), table.called("directory") + " cannot be empty");
  directory = resolved(text->value, folder);
}

void read_directories(Table& table, const fs::path& folder, std::vector<fs::path>& directories) {
  const auto texts = table.texts("directories", "[\"/usr/lib/llmspool/plugins\"]");
  if (!texts) return;
  directories.clear();
  for (const Text& text : *texts) {
    if (text.value.empty())
      table.wrong(text.at(), table.called("directories") + " cannot have an empty path");
    directories.push_back(resolved(text.value, folder));
  }
}

void read_server(Table& table, const fs::path& folder, Config::Server& server) {
  read_socket(table, folder, server.socket);
  read_checked(table, "listen", "[\"127.0.0.1:7741\"]", wrong_with_listen, server.listen);
  read_checked(table, "allowed_hosts", "[\"printer.example.org\"]", wrong_with_host,
               server.allowed_hosts);
  read_checked(table, "allowed_origins", "[\"https://app.example.org\"]", wrong_with_origin,
               server.allowed_origins);
  if (const auto size = table.bytes("body_bytes_max", 1024, std::size_t{1} << 30U))
    server.body_bytes_max = *size;
  if (const auto group = table.text("admin_group", "\"llmspool-admin\""))
    server.admin_group = group->value;
}

void read_queue(Table& table, Config::Queue& queue) {
  if (const auto name = table.text("default_backend", "\"llamacpp\"")) {
    if (!name->value.empty() && !is_name(name->value))
      table.wrong(name->at(), table.called("default_backend") + " cannot be '" + name->value +
                                  "': no backend can have that name");
    queue.default_backend = name->value;
  }
  if (const auto waiting = table.integer("waiting_max", 1, 1'000'000'000))
    queue.waiting_max = static_cast<std::size_t>(*waiting);
  if (const auto waiting = table.integer("owner_waiting_max", 1, 1'000'000'000))
    queue.owner_waiting_max = static_cast<std::size_t>(*waiting);
  if (const auto bytes = table.bytes("input_bytes_max", 1024, std::size_t{1} << 30U))
    queue.input_bytes_max = *bytes;
  if (const auto aging = table.integer("aging_seconds", 1, 86400))
    queue.aging = std::chrono::seconds(*aging);
  if (const auto affinity = table.integer("model_affinity_seconds", 0, 3600))
    queue.model_affinity = std::chrono::seconds(*affinity);
  if (const auto grace = table.integer("stop_grace_seconds", 0, 3600))
    queue.stop_grace = std::chrono::seconds(*grace);
}

void read_log(Table& table, Config::Log& log) {
  if (const auto level = table.choice("level", {"error", "warning", "info", "debug"}))
    log.level = level->value;
  if (const auto target = table.choice("target", {"auto", "terminal", "journal"}))
    log.target = target->value;
}

void check_isolation(Table& table) {
  const auto isolation = table.text("isolation", "\"none\"");
  if (!isolation || isolation->value == "none") return;
  const std::string what = table.called("isolation") + " cannot be '" + isolation->value + "'";
  table.wrong(isolation->at(),
              isolation->value == "process"
                  ? what +
                        ": plugins run in the daemon's process for now; write \"none\" or leave "
                        "it out"
                  : what + toml::suggestion(isolation->value, {"none"}, "Accepted"));
}

std::string read_plugin(Table& table, const std::string& name) {
  const auto plugin = table.text("plugin", "\"llamacpp\"");
  if (!plugin) return name;
  if (plugin->value.empty() || plugin->value.contains('/'))
    table.wrong(plugin->at(), table.called("plugin") + " cannot be '" + plugin->value +
                                  "': it must be what a plugin calls itself, like \"llamacpp\"; "
                                  "its file belongs into one of 'directories' in [plugins]");
  return plugin->value;
}

Options read_options(Table& table) {
  Options options;
  const toml::Members rest = table.rest();
  for (const Member& member : rest) options.positions[member.key] = member.at;
  options.values = toml::to_json(rest, table.problems());
  return options;
}

// The tables of [backends] or [optimizers], each under a name of its own.
template <class Instance>
void read_instances(Table& tables, std::map<std::string, Instance>& instances,
                    void (*read_own)(Table&, Instance&)) {
  tables.each_table([&](const Member& member, Table& table) {
    if (!is_name(member.key))
      table.wrong(member.at, tables.called(member.key) +
                                 " is no good name: it must be lower-case letters, digits, '_' and "
                                 "'-', at most 64, and begin with a letter");
    Instance instance;
    instance.position = member.at;
    instance.plugin = read_plugin(table, member.key);
    check_isolation(table);
    read_own(table, instance);
    instance.options = read_options(table);
    instances[member.key] = std::move(instance);
  });
}

void read_seconds(Table& table, std::string_view key, std::chrono::seconds& seconds) {
  constexpr std::int64_t kYear = 366L * 24 * 3600;
  if (const auto value = table.integer(key, 0, kYear)) seconds = std::chrono::seconds(*value);
}

void read_backend(Table& table, Backend& backend) {
  if (const auto concurrency = table.integer("concurrency", 1, 256))
    backend.concurrency = static_cast<int>(*concurrency);
  table.table("model_concurrency", [&](Table& models) {
    for (const Member& member : models.rest()) {
      const auto concurrency = models.integer(member.key, 1, 256);
      if (concurrency) backend.model_concurrency[member.key] = static_cast<int>(*concurrency);
    }
  });
  if (const auto rate = table.integer("requests_per_minute", 0, 1'000'000))
    backend.requests_per_minute = *rate;
  if (const auto rate = table.integer("tokens_per_minute", 0, 1'000'000'000))
    backend.tokens_per_minute = *rate;
  if (const auto failures = table.integer("circuit_failures", 0, 1000))
    backend.circuit_failures = static_cast<int>(*failures);
  if (const auto rest = table.integer("circuit_seconds", 1, 600))
    backend.circuit_rest = std::chrono::seconds(*rest);
  read_seconds(table, "first_token_timeout_seconds", backend.first_token_timeout);
  read_seconds(table, "token_timeout_seconds", backend.token_timeout);
  read_seconds(table, "step_timeout_seconds", backend.step_timeout);
}

void read_state(Table& table, const fs::path& folder, Config::State& state) {
  read_directory(table, folder, state.directory);
  constexpr std::size_t kMost = std::size_t{1} << 50U;
  if (const auto bytes = table.bytes("bytes_max", 0, kMost))
    state.bytes_max = static_cast<std::int64_t>(*bytes);
  if (const auto bytes = table.bytes("free_bytes_min", 0, kMost))
    state.free_bytes_min = static_cast<std::int64_t>(*bytes);
}

void read_retention(Table& table, Config::Retention& retention) {
  constexpr std::int64_t kMost = 36'500;
  if (const auto days = table.integer("days", 0, kMost)) retention.age = std::chrono::days(*days);
  if (const auto days = table.integer("content_days", 0, kMost))
    retention.content_age = std::chrono::days(*days);
  if (const auto jobs = table.integer("jobs_max", 0, 1'000'000'000)) retention.jobs_max = *jobs;
  if (const auto bytes = table.bytes("bytes_max", 0, std::size_t{1} << 50U))
    retention.bytes_max = static_cast<std::int64_t>(*bytes);
}

void read_all(Table& root, const fs::path& folder, Config& config) {
  root.table("server", [&](Table& table) { read_server(table, folder, config.server); });
  root.table("state", [&](Table& table) { read_state(table, folder, config.state); });
  root.table("retention", [&](Table& table) { read_retention(table, config.retention); });
  root.table("plugins",
             [&](Table& table) { read_directories(table, folder, config.plugins.directories); });
  root.table("pipelines",
             [&](Table& table) { read_directories(table, folder, config.pipelines.directories); });
  root.table("queue", [&](Table& table) { read_queue(table, config.queue); });
  root.table("log", [&](Table& table) { read_log(table, config.log); });
  root.table("backends",
             [&](Table& tables) { read_instances(tables, config.backends, read_backend); });
  root.table("optimizers", [&](Table& tables) {
    read_instances<Optimizer>(tables, config.optimizers, [](Table&, Optimizer&) {});
  });
}

template <class Tables>
Tables without_positions(Tables tables) {
  for (auto& [name, table] : tables) {
    table.position = {};
    table.options.positions.clear();
  }
  return tables;
}

}  // namespace

Config defaults() {
  const Paths paths = default_paths(surroundings());
  Config config;
  config.server.socket = paths.socket.string();
  config.server.listen = {"127.0.0.1:7741"};
  config.state.directory = paths.state;
  config.plugins.directories = paths.plugins;
  config.pipelines.directories = paths.pipelines;
  return config;
}

fs::path default_file() {
  return default_paths(surroundings()).file;
}

Result<Config> load(const fs::path& file) {
  LLMSPOOL_TRY(source, toml::read_file(file));
  return parse(source, file.string());
}

Result<Config> parse(std::string_view source, const std::string& file_name) {
  LLMSPOOL_TRY(document, toml::parse(source, file_name));
  std::error_code unknown;  // without a current directory, relative paths stay relative
  const fs::path folder = fs::absolute(file_name, unknown).parent_path();
  Config config = defaults();
  toml::Problems problems;
  Table::read(document, problems, [&](Table& root) { read_all(root, folder, config); });
  if (!problems.empty()) return std::unexpected(problems.error());
  return config;
}

std::vector<std::string> differing_tables(const Config& one, const Config& other) {
  std::vector<std::string> tables;
  const auto compare = [&](const char* table, const auto& a, const auto& b) {
    if (a != b) tables.emplace_back(table);
  };
  compare("[server]", one.server, other.server);
  compare("[state]", one.state, other.state);
  compare("[plugins]", one.plugins, other.plugins);
  compare("[pipelines]", one.pipelines, other.pipelines);
  compare("[queue]", one.queue, other.queue);
  compare("[retention]", one.retention, other.retention);
  compare("[log]", one.log, other.log);
  compare("[backends]", without_positions(one.backends), without_positions(other.backends));
  compare("[optimizers]", without_positions(one.optimizers), without_positions(other.optimizers));
  return tables;
}

}  // namespace llmspool::config
