// SPDX-License-Identifier: MIT
// Coming back after a connection has been lost; see reconnects.hpp.
#include "reconnects.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "exit_code.hpp"

namespace llmspool::cli {
namespace {

constexpr int kReconnectsMax = 20;
constexpr std::chrono::seconds kFirstPause{1}, kLongestPause{10};

}  // namespace

void Reconnects::pause(const std::string& why, const std::string& advice) {
  if (++losses_ > kReconnectsMax) throw Failure(ExitCode::unreachable, why + '\n' + advice);
  const auto length = std::min(kFirstPause * (1 << std::min(losses_ - 1, 10)), kLongestPause);
  notice_(why + (why.ends_with('.') ? "" : ".") + " Trying again in " +
          std::to_string(length.count()) + " s.");
  std::this_thread::sleep_for(length);
}

void Reconnects::connected() {
  if (losses_ > 0) notice_("Connected again.");
}

}  // namespace llmspool::cli
