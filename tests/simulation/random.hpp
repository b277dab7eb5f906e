// SPDX-License-Identifier: MIT
// All chance of a history, from its seed.
#pragma once

#include <random>
#include <vector>

#include "base/clock.hpp"

namespace llmspool::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}

  int pick(int below) { return std::uniform_int_distribution(0, below - 1)(generator_); }
  bool chance(int percent) { return pick(100) < percent; }
  Milliseconds up_to(Milliseconds most) {
    return Milliseconds(pick(static_cast<int>(most.count()) + 1));
  }
  double share() { return std::uniform_real_distribution()(generator_); }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(pick(static_cast<int>(list.size())))];
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace llmspool::simulation
