// SPDX-License-Identifier: MIT
#include "virtual_time.hpp"

#include <algorithm>

namespace llmspool::simulation {

void VirtualTime::after(Milliseconds delay, std::function<void()> work) {
  if (!dying_)
    events_.emplace(std::pair(uptime_ + std::max(delay, Milliseconds(0)), ++posted_),
                    std::move(work));
}

void VirtualTime::run(std::function<void()> work) {
  if (dying_) return;
  const auto worker = workers_.emplace(workers_.end(), [work = std::move(work)] {
    try {
      work();
    } catch (const Killed&) {  // in what catches nothing itself
    }
  });
  post([this, worker] { resume(worker); });
}

void VirtualTime::resume(WorkerAt worker) {
  worker->resume();
  if (worker->ended()) workers_.erase(worker);
}

void VirtualTime::sleep(Milliseconds time) {
  if (dying_) throw Killed();  // it was told before, and went on
  const auto self =
      std::ranges::find_if(workers_, [](const Fiber& fiber) { return &fiber == Fiber::current(); });
  after(time, [this, self] { resume(self); });
  Fiber::pause();
  if (dying_) throw Killed();
}

bool VirtualTime::step(Milliseconds limit) {
  if (events_.empty() || events_.begin()->first.first > limit) return false;
  const auto event = events_.extract(events_.begin());
  uptime_ = std::max(uptime_, event.key().first);
  event.mapped()();
  return true;
}

void VirtualTime::pass(Milliseconds time) {
  const Milliseconds end = uptime_ + time;
  while (step(end)) {
  }
  uptime_ = end;
}

void VirtualTime::kill() {
  dying_ = true;
  while (!workers_.empty()) {
    if (workers_.front().begun()) workers_.front().resume();
    workers_.pop_front();
  }
  events_.clear();
  dying_ = false;
}

}  // namespace llmspool::simulation
