// SPDX-License-Identifier: MIT
// The daemon's configuration: one TOML file as typed values. Every key has a default, an unknown
// key is an error, and every error says file, line, column and what would be accepted.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "toml/document.hpp"

namespace llmspool::config {

using toml::Position;  // "FILE:LINE:COLUMN" for people
using toml::to_string;

// A plugin's own options: what the daemon does not know itself. Checked against the plugin's
// descriptor when it is loaded.
struct Options {
  boost::json::object values;
  std::map<std::string, Position> positions;  // of the keys
  bool operator==(const Options&) const = default;
};

struct Backend {        // [backends.NAME]
  std::string plugin;   // the table's name where left out
  int concurrency = 0;  // jobs at once; 0: 4 for a concurrent plugin, else 1
  std::map<std::string, int> model_concurrency{};               // jobs at once that use a model
  std::int64_t requests_per_minute = 0, tokens_per_minute = 0;  // 0: no limit
  int circuit_failures = 5;  // in a row, before no more jobs are given to it for a while; 0: never
  std::chrono::seconds circuit_rest{30};
  // For jobs that say nothing else; 0: none.
  std::chrono::seconds first_token_timeout{0}, token_timeout{0}, step_timeout{0};
  Options options;
  Position position;
  bool operator==(const Backend&) const = default;
};

struct Optimizer {  // [optimizers.NAME]
  std::string plugin;
  Options options;
  Position position;
  bool operator==(const Optimizer&) const = default;
};

struct Config {
  struct Server {
    std::string socket;                      // empty: no Unix socket
    std::vector<std::string> listen;         // "ADDRESS:PORT", loopback only; port 0: any free one
    std::vector<std::string> allowed_hosts;  // besides loopback names
    std::vector<std::string> allowed_origins;  // besides the same origin
    std::size_t body_bytes_max = std::size_t{16} * 1024 * 1024;
    std::string admin_group = "llmspool-admin";  // its members see and do all
    bool operator==(const Server&) const = default;
  } server;
  struct State {
    std::filesystem::path directory;
    std::int64_t bytes_max = 0;                                    // of the database; 0: no bound
    std::int64_t free_bytes_min = std::int64_t{64} * 1024 * 1024;  // of its disk, kept free
    bool operator==(const State&) const = default;
  } state;
  struct Plugins {
    std::vector<std::filesystem::path> directories;
    bool operator==(const Plugins&) const = default;
  } plugins;
  struct Pipelines {
    std::vector<std::filesystem::path> directories;
    bool operator==(const Pipelines&) const = default;
  } pipelines;
  struct Queue {
    std::string default_backend;  // empty: see plugin::Registry
    std::size_t waiting_max = 1'000'000;
    std::size_t owner_waiting_max = 1'000'000;             // of one owner
    std::size_t input_bytes_max = std::size_t{16} << 20U;  // of one job's prompt or inputs
    std::chrono::seconds aging{60};           // waiting that makes up for a point of priority
    std::chrono::seconds model_affinity{30};  // how long jobs for a loaded model may go first
    std::chrono::seconds stop_grace{10};      // for running steps when the daemon stops
    bool operator==(const Queue&) const = default;
  } queue;
  struct Retention {  // of ended jobs; 0: for ever, any number, any size
    std::chrono::days age{90};
    std::chrono::days content_age{0};  // of their inputs, texts and files
    std::int64_t jobs_max = 0;
    std::int64_t bytes_max = 0;  // of the whole database
    bool operator==(const Retention&) const = default;
  } retention;
  struct Log {
    std::string level = "info";  // error warning info debug
    std::string target =
        "auto";  // auto: journal where systemd connected us to it | terminal | journal
    bool operator==(const Log&) const = default;
  } log;
  std::map<std::string, Backend> backends;
  std::map<std::string, Optimizer> optimizers;
};

// Where things lie for this installation: system-wide paths for root and system users under
// systemd ($STATE_DIRECTORY and friends win), XDG paths otherwise.
Config defaults();
std::filesystem::path default_file();

// Reads the file over the defaults.
Result<Config> load(const std::filesystem::path& file);
Result<Config> parse(std::string_view source, const std::string& file_name);

// The tables whose values are not the same, as "[queue]"; where they stand in the file is nothing.
std::vector<std::string> differing_tables(const Config& one, const Config& other);

}  // namespace llmspool::config
