// SPDX-License-Identifier: MIT
#include "housekeeping.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <sstream>

#include "base/log.hpp"
#include "service/journal.hpp"
#include "service/notify.hpp"

namespace llmspool {
namespace {

constexpr std::chrono::milliseconds kStatusDelay{500};

}  // namespace

Housekeeping::Housekeeping(boost::asio::io_context& io, spool::Loop& loop, spool::Workers& workers,
                           spool::LocalSpool& spool, pipeline::Current& pipelines, Options options,
                           config::Config config, std::function<void()> stop)
    : signals_(io, SIGTERM, SIGINT, SIGHUP),
      loop_(loop),
      workers_(workers),
      spool_(spool),
      pipelines_(pipelines),
      options_(std::move(options)),
      config_(std::move(config)),
      stop_(std::move(stop)) {
  await_signal();
}

void Housekeeping::begin() {
  tell_status();
  service::notify_ready();
  if (const auto interval = service::watchdog_interval()) feed_watchdog(*interval / 3);
}

void Housekeeping::on_change() {
  if (std::exchange(status_due_, true)) return;
  loop_.after(kStatusDelay, [this] {
    status_due_ = false;
    workers_.run([this] { tell_status(); });
  });
}

void Housekeeping::await_signal() {
  signals_.async_wait([this](boost::system::error_code ended, int signal) {
    if (ended) return;
    if (signal == SIGHUP)
      workers_.run([this] { reload(); });
    else if (!std::exchange(stopping_, true))
      stop_();
    await_signal();
  });
}

void Housekeeping::feed_watchdog(std::chrono::microseconds interval) {
  service::notify_watchdog();
  loop_.after(std::chrono::ceil<Milliseconds>(interval),
              [this, interval] { feed_watchdog(interval); });
}

// Takes what can change without a restart: the pipelines, the log's level, and that backends which
// were stopped may work again.
void Housekeeping::reload() {
  const std::lock_guard one_at_a_time(reloading_);
  service::notify_reloading();
  if (const auto left = take_over()) {
    log::info(
        "Reloaded: pipelines and log level are as configured, stopped backends take jobs again");
    if (!left->empty())
      log::warning(fmt::format("What else has changed in {} is taken at the next start",
                               fmt::join(*left, ", ")));
  } else {
    std::istringstream lines(left.error().message);
    for (std::string line; std::getline(lines, line);)
      log::error("Not reloaded, all stays as it was: " + line);
  }
  service::notify_ready();
}

// Gives the tables in which there is more that is new.
Result<std::vector<std::string>> Housekeeping::take_over() {
  LLMSPOOL_TRY(config, read_config(options_));
  LLMSPOOL_TRY(library, pipeline::Library::load(config.pipelines.directories,
                                                spool_.plugins().optimizer_names()));
  pipelines_.replace(std::move(library));
  service::set_log_level(config.log);
  spool_.resume();
  config_.pipelines = config.pipelines;
  config_.log.level = config.log.level;
  return config::differing_tables(config_, config);
}

void Housekeeping::tell_status() {
  if (const auto counts = spool_.counts())
    service::notify_status(fmt::format("{} running, {} waiting, {} held", counts->processing,
                                       counts->pending, counts->held));
}

}  // namespace llmspool
