// SPDX-License-Identifier: MIT
#include "spool/rate_limit.hpp"

#include <limits>

namespace llmspool::spool {
namespace {

constexpr std::chrono::minutes kWindow{1};

}  // namespace

void RateLimit::charge(Milliseconds now, std::int64_t amount) {
  if (per_minute_ <= 0 || amount <= 0) return;
  sum_ += amount;
  if (!charges_.empty() && charges_.back().at == now)
    charges_.back().amount += amount;
  else
    charges_.push_back({now, amount});
}

void RateLimit::forget_old(Milliseconds now) {
  while (!charges_.empty() && now - charges_.front().at >= kWindow) {
    sum_ -= charges_.front().amount;
    charges_.pop_front();
  }
}

std::int64_t RateLimit::left(Milliseconds now) {
  if (per_minute_ <= 0) return std::numeric_limits<std::int64_t>::max();
  forget_old(now);
  return std::max(per_minute_ - sum_, std::int64_t{0});
}

Milliseconds RateLimit::wait(Milliseconds now) {
  forget_old(now);
  std::int64_t left = sum_;
  for (const Charge& charge : charges_) {
    if (left < per_minute_) break;
    left -= charge.amount;
    if (left < per_minute_) return charge.at + kWindow - now;
  }
  return Milliseconds(0);
}

}  // namespace llmspool::spool
