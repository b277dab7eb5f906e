// SPDX-License-Identifier: MIT
// Random histories of the whole spool under a virtual clock. A failure prints how to run its
// history alone; LLMSPOOL_HISTORIES=50000 runs that many, LLMSPOOL_TRACE=1 tells what happens.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <iostream>

#include "base/log.hpp"
#include "history.hpp"

namespace llmspool::simulation {
namespace {

int setting(const char* name, int usual) {
  const char* value = std::getenv(name);
  return value == nullptr ? usual : std::atoi(value);
}

TEST(Simulation, KeepsWhatTheSpoolPromises) {
  if (setting("LLMSPOOL_TRACE", 0) != 0)
    log::set_sink([](const auto& record) { std::cerr << record.message << '\n'; },
                  log::Level::info);
  auto library =
      pipeline::Library::load({LLMSPOOL_SOURCE_DIR "/tests/simulation/pipelines"}, {"opt"});
  ASSERT_TRUE(library) << library.error().message;
  const pipeline::Current pipelines(*std::move(library));
  Disk disk;
  const int first = setting("LLMSPOOL_SEED", 1);
  const int last = first + setting("LLMSPOOL_HISTORIES", 2000) - 1;
  for (int seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("To see it again: LLMSPOOL_HISTORIES=1 LLMSPOOL_SEED={} {}", seed,
                             LLMSPOOL_BUILD_DIR "/tests/simulation/simulation_test"));
    History(static_cast<std::uint64_t>(seed), disk, pipelines).run();
  }
}

}  // namespace
}  // namespace llmspool::simulation
