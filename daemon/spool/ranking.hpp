// SPDX-License-Identifier: MIT
// Waiting jobs in the order of their ranks; of equal ranks the older job goes first.
#pragma once

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

#include "job/job.hpp"

namespace llmspool::spool {

class Ranking {
 public:
  // In place of the rank it had.
  void put(job::JobId id, std::int64_t rank) {
    erase(id);
    const std::pair ranked(rank, id);
    order_.insert(std::ranges::lower_bound(order_, ranked), ranked);
    ranks_.emplace(id, rank);
  }

  void erase(job::JobId id) {
    const auto known = ranks_.extract(id);
    if (known) order_.erase(std::ranges::lower_bound(order_, std::pair(known.mapped(), id)));
  }

  bool contains(job::JobId id) const { return ranks_.contains(id); }
  std::size_t size() const { return order_.size(); }

  // How many go before a job, which may be one of them.
  std::int64_t before(job::JobId id, std::int64_t rank) const {
    return std::ranges::lower_bound(order_, std::pair(rank, id)) - order_.begin();
  }

 private:
  std::unordered_map<job::JobId, std::int64_t> ranks_;
  // Most come at the end and leave from the front.
  std::deque<std::pair<std::int64_t, job::JobId>> order_;
};

}  // namespace llmspool::spool
