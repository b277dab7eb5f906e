// SPDX-License-Identifier: MIT
// The machine that a simulated daemon runs on: its clocks, its loop and its workers are one queue
// of events, carried out one after the other, and time passes only from one event to the next.
#pragma once

#include <exception>
#include <list>
#include <map>

#include "fiber.hpp"
#include "spool/loop.hpp"

namespace llmspool::simulation {

// Ends a worker's work when the daemon dies under it.
class Killed final : public std::exception {};

class VirtualTime final : public spool::Loop, public spool::Workers, public Clock {
 public:
  ~VirtualTime() override { kill(); }

  Milliseconds uptime() const override { return uptime_; }
  void post(std::function<void()> work) override { after(Milliseconds(0), std::move(work)); }
  void after(Milliseconds delay, std::function<void()> work) override;
  void run(std::function<void()> work) override;
  Time now() const override { return kBegin + uptime_ + clock_is_ahead_; }

  // Within a worker's work; throws Killed.
  void sleep(Milliseconds time);

  void set_clock(Milliseconds forward) { clock_is_ahead_ += forward; }
  // Carries out the next event; false if there is none within `limit` of the uptime.
  bool step(Milliseconds limit = Milliseconds::max());
  void pass(Milliseconds time);
  // What was to come never will, and the work of workers ends where it stands.
  void kill();
  std::size_t working() const { return workers_.size(); }
  std::size_t to_come() const { return events_.size(); }

 private:
  using WorkerAt = std::list<Fiber>::iterator;
  void resume(WorkerAt worker);

  static constexpr Time kBegin{Milliseconds(1'800'000'000'000)};
  Milliseconds uptime_{0}, clock_is_ahead_{0};
  std::int64_t posted_ = 0;
  std::map<std::pair<Milliseconds, std::int64_t>, std::function<void()>> events_;
  std::list<Fiber> workers_;
  bool dying_ = false;
};

}  // namespace llmspool::simulation
