// SPDX-License-Identifier: MIT
#include "spool/caretaker.hpp"

#include "base/log.hpp"

namespace llmspool::spool {
namespace {

constexpr std::chrono::seconds kInterval{60};
constexpr Milliseconds kBetweenBatches{50};  // others want the disk too

}  // namespace

void Caretaker::start() {
  const bool keeps_all =
      !retention_.age && !retention_.content_age && !retention_.jobs_max && !retention_.bytes_max;
  if (!keeps_all) clean();
}

void Caretaker::clean() {
  if (stopped_) return;
  ledger_.retain(retention_, [this](const auto& retained) {
    if (!retained) log::warning("Old jobs were not removed: " + retained.error().message);
    if (retained && !retained->removed.empty())
      log::info("Removed " + std::to_string(retained->removed.size()) +
                " ended jobs, as [retention] says.");
    const bool more = retained && retained->more;
    loop_.after(more ? kBetweenBatches : Milliseconds(kInterval), [this] { clean(); });
  });
}

}  // namespace llmspool::spool
