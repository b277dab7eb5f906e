// SPDX-License-Identifier: MIT
// llmspoold: its start-up and its shutdown as a list of steps.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/message_ids.hpp"
#include "config/config.hpp"
#include "housekeeping.hpp"
#include "http/server.hpp"
#include "options.hpp"
#include "pipeline/library.hpp"
#include "plugin/registry.hpp"
#include "service/journal.hpp"
#include "service/notify.hpp"
#include "spool/asio_loop.hpp"
#include "spool/local_spool.hpp"
#include "spool/thread_workers.hpp"
#include "store/sqlite/store.hpp"
#include "version.hpp"

namespace llmspool {
namespace {

// How long plugin calls may take to notice that they are cancelled once the grace time is over.
constexpr std::chrono::seconds kCancelTime{5};

int give_up(int status, const Error& error) {
  std::fprintf(stderr, "llmspoold: %s\n", error.message.c_str());
  return status;
}

// `llmspoold --check-config`: all that start-up would check, and nothing started or written.
int check_config(const config::Config& config) {
  const auto plugins = plugin::Registry::load(config);
  if (!plugins) return give_up(EX_CONFIG, plugins.error());
  for (const auto& plugin : (*plugins)->plugins())
    if (!plugin.reason.empty()) std::printf("Note: %s\n", plugin.reason.c_str());
  const auto pipelines =
      pipeline::Library::load(config.pipelines.directories, (*plugins)->optimizer_names());
  if (!pipelines) return give_up(EX_CONFIG, pipelines.error());
  std::printf("The configuration is fine. Backends: %zu, optimizers: %zu, pipelines: %zu.\n",
              (*plugins)->backends().size(), (*plugins)->optimizers().size(),
              pipelines->all().size());
  return EX_OK;
}

void report_plugins(const plugin::Registry& plugins) {
  for (const auto& plugin : plugins.plugins()) {
    const log::Fields fields{
        {"PLUGIN", plugin.file},
        {"MESSAGE_ID", std::string(plugin.reason.empty() ? message_ids::kPluginLoaded
                                                         : message_ids::kPluginRefused)}};
    if (plugin.reason.empty())
      log::info(
          fmt::format("Loaded the plugin {} {} from {}", plugin.name, plugin.version, plugin.file),
          fields);
    else
      log::warning(plugin.reason, fields);
  }
}

// The sockets that systemd passed, or else those of the configuration.
Result<void> listen(http::Server& server, const config::Config::Server& config) {
  if (const auto passed = service::passed_sockets(); !passed.empty()) {
    for (const auto& socket : passed) {
      LLMSPOOL_CHECK(server.listen_passed(socket.fd));
      log::info(fmt::format("Listening on the socket '{}' from systemd", socket.name));
    }
  } else if (!config.socket.empty()) {
    LLMSPOOL_CHECK(server.listen_unix(config.socket));
    log::info("Listening on " + config.socket);
  }
  for (const auto& address : config.listen) {
    LLMSPOOL_TRY(port, server.listen_tcp(address));
    const auto host = address.substr(0, address.rfind(':'));
    log::info(fmt::format("Listening on http://{}:{}", host, port));
  }
  return {};
}

store::Retention retention_of(const config::Config::Retention& config) {
  store::Retention retention;
  if (config.age.count() > 0) retention.age = config.age;
  if (config.content_age.count() > 0) retention.content_age = config.content_age;
  if (config.jobs_max > 0) retention.jobs_max = config.jobs_max;
  if (config.bytes_max > 0) retention.bytes_max = config.bytes_max;
  return retention;
}

// Each client is a descriptor, and the usual soft limit is below limits::kConnectionsMax.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // where it is refused, fewer clients find a place
}

int run(const Options& options, const config::Config& config) {
  // 1. What needs no thread: state, plugins, pipelines.
  const SystemClock clock;
  const job::TurnRules turns{.aging = config.queue.aging, .affinity = config.queue.model_affinity};
  auto store = store::sqlite::open({.directory = config.state.directory,
                                    .waiting_max = config.queue.waiting_max,
                                    .owner_waiting_max = config.queue.owner_waiting_max,
                                    .space = {config.state.bytes_max, config.state.free_bytes_min},
                                    .turns = turns,
                                    .clock = clock});
  if (!store) return give_up(EX_CANTCREAT, store.error());
  const auto plugins = plugin::Registry::load(config);
  if (!plugins) return give_up(EX_CONFIG, plugins.error());
  report_plugins(**plugins);
  auto library =
      pipeline::Library::load(config.pipelines.directories, (*plugins)->optimizer_names());
  if (!library) return give_up(EX_CONFIG, library.error());
  pipeline::Current pipelines(*std::move(library));

  // 2. The spool and the server in front of it.
  const int threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 4);
  boost::asio::io_context io(threads);
  spool::AsioLoop loop(io);
  spool::ThreadWorkers workers;
  std::function<void()> on_change = [] {};
  spool::LocalSpool spool({.store = **store,
                           .loop = loop,
                           .workers = workers,
                           .plugins = **plugins,
                           .pipelines = pipelines,
                           .clock = clock,
                           .changed = [&] { on_change(); },
                           .rules = config.backends,
                           .turns = turns,
                           .retention = retention_of(config.retention),
                           .input_bytes_max = config.queue.input_bytes_max});
  http::Server server(io,
                      {.allowed_hosts = config.server.allowed_hosts,
                       .allowed_origins = config.server.allowed_origins,
                       .body_bytes_max = config.server.body_bytes_max,
                       .admin_group = config.server.admin_group,
                       .version = kVersion},
                      spool);
  if (const auto listening = listen(server, config.server); !listening)
    return give_up(EX_UNAVAILABLE, listening.error());

  // 3. How it will end: no new jobs, running ones come to rest, clients are let go, the loop ends.
  const auto stop = [&] {
    log::info("Stopping: running steps may end, the rest is put back into the queue");
    service::notify_stopping();
    const auto most = config.queue.stop_grace + kCancelTime + limits::kHttpStopTimeout;
    service::extend_timeout(most + kCancelTime);
    spool.stop(config.queue.stop_grace, [&] { server.stop([&] { io.stop(); }); });
    loop.after(most, [] {
      // A plugin's thread is left, which hears nothing, or the disk fails. Nothing is lost: what
      // could not be put back is taken up at the next start.
      log::error(
          "Leaving with jobs that have not come to rest: a plugin did not return when it was "
          "cancelled, or the store takes nothing; they go on at the next start");
      std::_Exit(EX_OK);
    });
  };
  Housekeeping housekeeping(io, loop, workers, spool, pipelines, options, config, stop);
  on_change = [&] { housekeeping.on_change(); };

  // 4. Take up what an earlier life left, then answer.
  int status = EX_OK;
  spool.start([&](const Result<void>& started) {
    if (!started) {
      status = give_up(EX_IOERR, started.error());
      return io.stop();
    }
    server.start();
    housekeeping.begin();
    log::info(fmt::format("llmspoold {} is ready", kVersion));
  });

  // 5. Work until told to stop.
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { io.run(); });
  io.run();
  others.clear();

  // 6. Workers and store end first: until then they may call back into what stands above.
  if (!workers.finish(kCancelTime)) std::_Exit(status);
  store->reset();
  log::info("Stopped");
  return status;
}

}  // namespace
}  // namespace llmspool

int main(int argc, char** argv) {
  using namespace llmspool;
  const auto parsed = parse_options(argc, argv);
  if (parsed.exit_status) return *parsed.exit_status;
  const auto config = read_config(parsed.options);
  if (!config) return give_up(EX_CONFIG, config.error());
  if (parsed.options.check_config) return check_config(*config);

  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  service::install_log(config->log);
  return run(parsed.options, *config);
}
