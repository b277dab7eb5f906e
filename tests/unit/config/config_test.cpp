// SPDX-License-Identifier: MIT
#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace llmspool::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Config, AnEmptyFileIsTheDefaults) {
  const auto config = parse("", "/etc/c.toml");
  ASSERT_TRUE(config) << config.error().message;
  const Config expected = defaults();
  EXPECT_EQ(config->server.socket, expected.server.socket);
  EXPECT_THAT(config->server.listen, ElementsAre("127.0.0.1:7741"));
  EXPECT_EQ(config->server.body_bytes_max, 16U * 1024 * 1024);
  EXPECT_EQ(config->state.directory, expected.state.directory);
  EXPECT_EQ(config->plugins.directories, expected.plugins.directories);
  EXPECT_EQ(config->server.admin_group, "llmspool-admin");
  EXPECT_EQ(config->state.bytes_max, 0);
  EXPECT_EQ(config->state.free_bytes_min, 64 * 1024 * 1024);
  EXPECT_EQ(config->queue.waiting_max, 1'000'000U);
  EXPECT_EQ(config->queue.owner_waiting_max, 1'000'000U);
  EXPECT_EQ(config->queue.input_bytes_max, 16U * 1024 * 1024);
  EXPECT_EQ(config->queue.aging, std::chrono::seconds(60));
  EXPECT_EQ(config->queue.model_affinity, std::chrono::seconds(30));
  EXPECT_EQ(config->queue.stop_grace, std::chrono::seconds(10));
  EXPECT_EQ(config->retention.age, std::chrono::days(90));
  EXPECT_EQ(config->retention.content_age, std::chrono::days(0));
  EXPECT_EQ(config->retention.jobs_max, 0);
  EXPECT_EQ(config->retention.bytes_max, 0);
  EXPECT_EQ(config->log.level, "info");
  EXPECT_EQ(config->log.target, "auto");
  EXPECT_TRUE(config->backends.empty());
}

TEST(Config, ABackendsTableMayBeEmpty) {
  const auto config = parse("[backends.gemini]", "c");
  const Backend& gemini = config->backends.at("gemini");
  EXPECT_EQ(gemini.plugin, "gemini");
  EXPECT_EQ(gemini.concurrency, 0);
  EXPECT_EQ(gemini.requests_per_minute, 0);
  EXPECT_EQ(gemini.tokens_per_minute, 0);
  EXPECT_EQ(gemini.circuit_failures, 5);
  EXPECT_EQ(gemini.circuit_rest, std::chrono::seconds(30));
  EXPECT_EQ(gemini.step_timeout, std::chrono::seconds(0));
}

TEST(Config, ReadsEveryKey) {
  const auto config = parse(R"(
[server]
socket = "/run/l/l.sock"
listen = ["127.0.0.1:0", "127.1.2.3:80", "[::1]:7741"]
allowed_hosts = ["printer.example.org", "printer:8080"]
allowed_origins = ["https://app.example.org"]
body_bytes_max = "2MB"
admin_group = "wheel"
[state]
directory = "/s"
bytes_max = "2GB"
free_bytes_min = 0
[plugins]
directories = ["/p", "/q"]
[pipelines]
directories = []
[queue]
default_backend = "gemini"
waiting_max = 5
owner_waiting_max = 4
input_bytes_max = "1MB"
aging_seconds = 7
model_affinity_seconds = 0
stop_grace_seconds = 0
[retention]
days = 30
content_days = 7
jobs_max = 1000
bytes_max = "1GB"
[log]
level = "debug"
target = "journal"
[backends.gemini]
plugin = "google"
isolation = "none"
concurrency = 256
api_key = { secret = "gemini.key" }
requests_per_minute = 10
tokens_per_minute = 20000
circuit_failures = 3
circuit_seconds = 10
first_token_timeout_seconds = 60
token_timeout_seconds = 20
step_timeout_seconds = 600
model_concurrency = { "flash" = 2 }
since = 2026-01-01
models = ["a", "b"]
[backends.llamacpp]
[optimizers.strict]
plugin = "ats"
threshold = 0.5
)",
                            "/etc/c.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.socket, "/run/l/l.sock");
  EXPECT_THAT(config->server.listen, ElementsAre("127.0.0.1:0", "127.1.2.3:80", "[::1]:7741"));
  EXPECT_THAT(config->server.allowed_hosts, ElementsAre("printer.example.org", "printer:8080"));
  EXPECT_THAT(config->server.allowed_origins, ElementsAre("https://app.example.org"));
  EXPECT_EQ(config->server.body_bytes_max, 2U * 1024 * 1024);
  EXPECT_EQ(config->server.admin_group, "wheel");
  EXPECT_EQ(config->state.directory, "/s");
  EXPECT_THAT(config->plugins.directories, ElementsAre("/p", "/q"));
  EXPECT_TRUE(config->pipelines.directories.empty());
  EXPECT_EQ(config->queue.default_backend, "gemini");
  EXPECT_EQ(config->queue.waiting_max, 5U);
  EXPECT_EQ(config->queue.owner_waiting_max, 4U);
  EXPECT_EQ(config->queue.input_bytes_max, 1024U * 1024);
  EXPECT_EQ(config->queue.aging, std::chrono::seconds(7));
  EXPECT_EQ(config->queue.model_affinity, std::chrono::seconds(0));
  EXPECT_EQ(config->queue.stop_grace, std::chrono::seconds(0));
  EXPECT_EQ(config->state.bytes_max, std::int64_t{2} << 30);
  EXPECT_EQ(config->state.free_bytes_min, 0);
  EXPECT_EQ(config->retention.age, std::chrono::days(30));
  EXPECT_EQ(config->retention.content_age, std::chrono::days(7));
  EXPECT_EQ(config->retention.jobs_max, 1000);
  EXPECT_EQ(config->retention.bytes_max, std::int64_t{1} << 30);
  EXPECT_EQ(config->log.level, "debug");
  EXPECT_EQ(config->log.target, "journal");

  const Backend& gemini = config->backends.at("gemini");
  EXPECT_EQ(gemini.plugin, "google");
  EXPECT_EQ(gemini.concurrency, 256);
  EXPECT_EQ(gemini.requests_per_minute, 10);
  EXPECT_EQ(gemini.tokens_per_minute, 20000);
  EXPECT_EQ(gemini.circuit_failures, 3);
  EXPECT_EQ(gemini.circuit_rest, std::chrono::seconds(10));
  EXPECT_EQ(gemini.first_token_timeout, std::chrono::seconds(60));
  EXPECT_EQ(gemini.token_timeout, std::chrono::seconds(20));
  EXPECT_EQ(gemini.step_timeout, std::chrono::seconds(600));
  EXPECT_EQ(gemini.model_concurrency.at("flash"), 2);
  EXPECT_EQ(gemini.options.values, boost::json::parse(R"({
    "api_key": {"secret": "gemini.key"}, "since": "2026-01-01", "models": ["a", "b"]})"));
  EXPECT_EQ(to_string(gemini.options.positions.at("since")), "/etc/c.toml:46:1");
  EXPECT_EQ(to_string(gemini.position), "/etc/c.toml:33:11");
  EXPECT_EQ(config->backends.at("llamacpp").plugin, "llamacpp");  // the table's name
  EXPECT_EQ(config->backends.at("llamacpp").concurrency, 0);
  EXPECT_EQ(config->optimizers.at("strict").plugin, "ats");
  EXPECT_EQ(config->optimizers.at("strict").options.values.at("threshold"), 0.5);
}

TEST(Config, RelativePathsStartAtTheFilesFolder) {
  const auto config = parse(R"(
server.socket = "run/l.sock"
state.directory = "../state"
plugins.directories = ["p", "/q"]
pipelines.directories = ["."]
)",
                            "/home/ann/conf/c.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.socket, "/home/ann/conf/run/l.sock");
  EXPECT_EQ(config->state.directory, "/home/ann/state");
  EXPECT_THAT(config->plugins.directories, ElementsAre("/home/ann/conf/p", "/q"));
  EXPECT_EQ(config->pipelines.directories.front().parent_path(), "/home/ann/conf");
}

TEST(Config, EmptyTextAndListTurnOff) {
  const auto config = parse("[server]\nsocket = ''\nlisten = []\nadmin_group = ''", "c");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.socket, "");
  EXPECT_TRUE(config->server.listen.empty());
  EXPECT_EQ(config->server.admin_group, "");
}

// A key that takes whole numbers of a range.
struct Limit {
  std::string table, key;
  std::int64_t minimum, maximum;
};

TEST(Config, KeepsEveryLimitToItsBounds) {
  constexpr std::int64_t kBillion = 1'000'000'000, kYear = 366L * 24 * 3600;
  constexpr std::int64_t kGigabyte = std::int64_t{1} << 30, kMostBytes = std::int64_t{1} << 50;
  for (const Limit& limit :
       std::vector<Limit>{{"server", "body_bytes_max", 1024, kGigabyte},
                          {"state", "bytes_max", 0, kMostBytes},
                          {"state", "free_bytes_min", 0, kMostBytes},
                          {"queue", "waiting_max", 1, kBillion},
                          {"queue", "owner_waiting_max", 1, kBillion},
                          {"queue", "input_bytes_max", 1024, kGigabyte},
                          {"queue", "aging_seconds", 1, 86'400},
                          {"queue", "model_affinity_seconds", 0, 3600},
                          {"queue", "stop_grace_seconds", 0, 3600},
                          {"retention", "days", 0, 36'500},
                          {"retention", "content_days", 0, 36'500},
                          {"retention", "jobs_max", 0, kBillion},
                          {"retention", "bytes_max", 0, kMostBytes},
                          {"backends.x", "concurrency", 1, 256},
                          {"backends.x.model_concurrency", "big", 1, 256},
                          {"backends.x", "requests_per_minute", 0, 1'000'000},
                          {"backends.x", "tokens_per_minute", 0, kBillion},
                          {"backends.x", "circuit_failures", 0, 1000},
                          {"backends.x", "circuit_seconds", 1, 600},
                          {"backends.x", "first_token_timeout_seconds", 0, kYear},
                          {"backends.x", "token_timeout_seconds", 0, kYear},
                          {"backends.x", "step_timeout_seconds", 0, kYear}}) {
    const auto with = [&](std::int64_t value) {
      return parse("[" + limit.table + "]\n" + limit.key + " = " + std::to_string(value), "c");
    };
    for (const auto value : {limit.minimum, limit.maximum})
      EXPECT_TRUE(with(value)) << limit.key << " = " << value;
    for (const auto value : {limit.minimum - 1, limit.maximum + 1}) {
      const auto refused = with(value);
      ASSERT_FALSE(refused) << limit.key << " = " << value;
      EXPECT_THAT(refused.error().message,
                  HasSubstr("'" + limit.key + "' in [" + limit.table + "] must be a "));
      EXPECT_THAT(refused.error().message, HasSubstr("from " + std::to_string(limit.minimum) +
                                                     " to " + std::to_string(limit.maximum)));
    }
  }
}

TEST(Config, KeepsTheSocketsPathToWhatTheSystemTakes) {
  const auto with = [](std::size_t size) {
    return parse("[server]\nsocket = '/" + std::string(size - 1, 'x') + "'", "c");
  };
  EXPECT_TRUE(with(107));
  EXPECT_THAT(with(108).error().message,
              HasSubstr("is too long: the path of a Unix socket has 107 bytes at most"));
}

TEST(Config, TakesEveryPortThatThereIs) {
  EXPECT_TRUE(parse("[server]\nlisten = ['127.0.0.1:0', '127.0.0.1:65535']", "c"));
  EXPECT_FALSE(parse("[server]\nlisten = ['127.0.0.1:65536']", "c"));
}

TEST(Config, TakesEveryChoice) {
  for (const char* level : {"error", "warning", "info", "debug"})
    EXPECT_EQ(parse("[log]\nlevel = '" + std::string(level) + "'", "c")->log.level, level);
  for (const char* target : {"auto", "terminal", "journal"})
    EXPECT_EQ(parse("[log]\ntarget = '" + std::string(target) + "'", "c")->log.target, target);
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string source, message;  // the message after "c:"
  };
  const std::vector<Case> cases{
      {"[server]\nlisten = ", "2:10: this is no valid TOML: "},
      {"[sever]",
       "1:2: unknown key 'sever'; did you mean 'server'? Accepted: backends, log, "
       "optimizers, pipelines, plugins, queue, retention, server, state"},
      {"[server]\nlisen = []",
       "2:1: unknown key 'lisen' in [server]; did you mean 'listen'? "
       "Accepted: admin_group, allowed_hosts, "},
      {"server = 1", "1:10: 'server' must be a table"},
      {"[server]\nlisten = '127.0.0.1:7741'",
       "2:10: 'listen' in [server] must be a list of texts, like [\"127.0.0.1:7741\"], not "},
      {"[server]\nlisten = ['0.0.0.0:7741']",
       "2:11: 'listen' in [server] cannot have '0.0.0.0:7741': the daemon listens on loopback "
       "addresses only, since it has no tokens yet"},
      {"[server]\nlisten = ['192.168.0.1:1']", "2:11: 'listen' in [server] cannot have"},
      {"[server]\nlisten = ['[::]:7741']", "2:11: 'listen' in [server] cannot have"},
      {"[server]\nlisten = ['localhost:7741']",
       "2:11: 'listen' in [server] cannot have "
       "'localhost:7741': it must be an IP address and a port, like 127.0.0.1:7741, not a name"},
      {"[server]\nlisten = ['127.0.0.1']", "2:11: 'listen' in [server] cannot have '127.0.0.1'"},
      {"[server]\nlisten = ['7741']", "2:11: 'listen' in [server] cannot have '7741'"},
      {"[server]\nlisten = ['127.0.0.1:']", "2:11: 'listen' in [server] cannot have"},
      {"[server]\nlisten = ['::1:7741']",
       "2:11: 'listen' in [server] cannot have '::1:7741': it "
       "must be an IP address and a port, like 127.0.0.1:7741, an IPv6 address in brackets"},
      {"[server]\nlisten = ['[127.0.0.1]:1']", "2:11: 'listen' in [server] cannot have"},
      {"[server]\nlisten = ['127.0.0.1:1', '127.0.0.1:1']",
       "2:26: 'listen' in [server] cannot have '127.0.0.1:1': it is there twice"},
      {"[server]\nallowed_hosts = ['http://a']",
       "2:18: 'allowed_hosts' in [server] cannot have 'http://a': it must be a host name"},
      {"[server]\nallowed_hosts = ['*']", "2:18: 'allowed_hosts' in [server] cannot have '*'"},
      {"[server]\nallowed_origins = ['a.example']",
       "2:20: 'allowed_origins' in [server] cannot have 'a.example': it must be a scheme and a "
       "host"},
      {"[server]\nallowed_origins = ['https://a/']", "2:20: 'allowed_origins' in [server] cannot"},
      {"[server]\nallowed_origins = ['*']", "2:20: 'allowed_origins' in [server] cannot have '*'"},
      {"[server]\nbody_bytes_max = 'much'",
       "2:18: 'body_bytes_max' in [server] must be a size from 1024 to 1073741824 bytes, like "
       "16777216 or \"16MB\", not 'much'"},
      {"[state]\ndirectory = ''", "2:13: 'directory' in [state] cannot be empty"},
      {"[plugins]\ndirectories = '/p'", "2:15: 'directories' in [plugins] must be a list of texts"},
      {"[pipelines]\ndirectories = ['']",
       "2:16: 'directories' in [pipelines] cannot have an empty"},
      {"[queue]\ndefault_backend = 'Big One'", "2:19: 'default_backend' in [queue] cannot be"},
      {"[queue]\nwaiting_max = 0",
       "2:15: 'waiting_max' in [queue] must be a whole number from 1 to 1000000000, not 0"},
      {"[queue]\nstop_grace_seconds = 1.5",
       "2:22: 'stop_grace_seconds' in [queue] must be a whole number from 0 to 3600, not a number "
       "with a fraction"},
      {"[log]\nlevel = 'warn'", "2:9: 'level' in [log] cannot be 'warn'. Accepted: error, warning"},
      {"[log]\ntarget = 'jurnal'",
       "2:10: 'target' in [log] cannot be 'jurnal'; did you mean 'journal'? Accepted: auto, "
       "terminal, journal"},
      {"backends = []", "1:12: 'backends' must be a table"},
      {"[backends]\nx = 1", "2:5: 'x' in [backends] must be a table, like [backends.x], not 1"},
      {"[backends.Big]",
       "1:11: 'Big' in [backends] is no good name: it must be lower-case letters"},
      {"[backends.x]\nplugin = 'a/b.so'",
       "2:10: 'plugin' in [backends.x] cannot be 'a/b.so': it "
       "must be what a plugin calls itself"},
      {"[backends.x]\nplugin = ''", "2:10: 'plugin' in [backends.x] cannot be ''"},
      {"[backends.x]\nisolation = 'process'",
       "2:13: 'isolation' in [backends.x] cannot be 'process': plugins run in the daemon's process "
       "for now; write \"none\" or leave it out"},
      {"[backends.x]\nisolation = 'full'",
       "2:13: 'isolation' in [backends.x] cannot be 'full'. Accepted: none"},
      {"[backends.x.model_concurrency]\nbig = 0",
       "2:7: 'big' in [backends.x.model_concurrency] must be a whole number from 1 to 256"},
      {"[backends.x]\nconcurrency = 257",
       "2:15: 'concurrency' in [backends.x] must be a whole number from 1 to 256, not 257"},
      {"[backends.x]\ntemperature = nan", "2:15: a number here must be finite"},
      {"[optimizers.x]\nisolation = 'process'", "2:13: 'isolation' in [optimizers.x] cannot be"},
  };
  for (const Case& c : cases) {
    const auto config = parse(c.source, "c");
    ASSERT_FALSE(config) << c.source;
    EXPECT_EQ(config.error().code, Code::invalid);
    EXPECT_THAT(config.error().message, testing::StartsWith("c:" + c.message)) << c.source;
    EXPECT_THAT(config.error().message, testing::Not(HasSubstr("\n"))) << c.source;
  }
}

TEST(Config, SaysEverythingThatIsWrong) {
  const auto config = parse("[log]\nlevel = 1\n[backends.X]\nconcurrency = 0\n[stat]\n", "c");
  ASSERT_FALSE(config);
  EXPECT_THAT(
      config.error().message,
      testing::MatchesRegex("c:2:9: [^\n]*\nc:3:11: [^\n]*\nc:4:15: [^\n]*\nc:5:2: [^\n]*"));
}

TEST(Config, TheDocumentationsExampleWorks) {
  std::ifstream file(LLMSPOOL_SOURCE_DIR "/docs/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t begin = text.find("```toml\n") + 8;
  const auto config = parse(text.substr(begin, text.find("```", begin) - begin), "c");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->backends.at("long-texts").plugin, "llamacpp");
}

TEST(Config, TellsWhichTablesDiffer) {
  const auto one = parse("[backends.a]\nplugin = 'echo'\ndelay = 1\n", "c");
  const auto moved = parse("\n[backends.a]\ndelay = 1\nplugin = 'echo'\n", "d");
  const auto other = parse(
      "[queue]\nwaiting_max = 5\n[log]\nlevel = 'debug'\n[backends.a]\nplugin = 'echo'\n"
      "delay = 2\n",
      "c");
  ASSERT_TRUE(one && moved && other);
  EXPECT_THAT(differing_tables(*one, *moved), testing::IsEmpty());
  EXPECT_THAT(differing_tables(*one, *other),
              testing::ElementsAre("[queue]", "[log]", "[backends]"));
}

TEST(Config, LoadsAFile) {
  const auto folder = std::filesystem::path(testing::TempDir());
  const auto file = folder / "llmspoold.toml";
  std::ofstream(file) << "state.directory = 'spool'\n";
  const auto config = load(file);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->state.directory, folder / "spool");
  EXPECT_THAT(load(folder / "none.toml").error().message, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace llmspool::config
