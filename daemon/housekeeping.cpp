// SPDX-License-Identifier: MIT
#include "housekeeping.hpp"

#include <fmt/format.h>

#include <csignal>

#include "base/log.hpp"
#include "config/config.hpp"
#include "service/notify.hpp"

namespace llmspool {
namespace {

constexpr std::chrono::milliseconds kStatusDelay{500};

}  // namespace

Housekeeping::Housekeeping(boost::asio::io_context& io, spool::Loop& loop, spool::Workers& workers,
                           spool::LocalSpool& spool, Options options, std::function<void()> stop)
    : signals_(io, SIGTERM, SIGINT, SIGHUP),
      loop_(loop),
      workers_(workers),
      spool_(spool),
      options_(std::move(options)),
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

// Takes what can change without a restart: today that backends which were stopped may work again.
// A configuration that has become wrong is reported and changes nothing.
void Housekeeping::reload() {
  service::notify_reloading();
  if (options_.config_given || std::filesystem::exists(options_.config_file)) {
    if (const auto checked = config::load(options_.config_file); !checked)
      log::error("The configuration is wrong and the running one stays: " +
                 checked.error().message);
  }
  spool_.resume();
  log::info(
      "Reloaded: stopped backends take jobs again. Other changes of the configuration need a "
      "restart.");
  service::notify_ready();
}

void Housekeeping::tell_status() {
  if (const auto counts = spool_.counts())
    service::notify_status(fmt::format("{} running, {} waiting, {} held", counts->processing,
                                       counts->pending, counts->held));
}

}  // namespace llmspool
