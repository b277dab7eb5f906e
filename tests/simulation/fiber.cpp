// SPDX-License-Identifier: MIT
#include "fiber.hpp"

#include <sys/mman.h>

#include <cassert>
#include <new>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define LLMSPOOL_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define LLMSPOOL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LLMSPOOL_ASAN 1
#elif __has_feature(thread_sanitizer)
#define LLMSPOOL_TSAN 1
#endif
#endif

#if defined(LLMSPOOL_ASAN)
#include <sanitizer/common_interface_defs.h>
#elif defined(LLMSPOOL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace llmspool::simulation {
namespace {

constexpr std::size_t kStackBytes = std::size_t{512} * 1024;  // the system gives what is touched
constexpr std::size_t kGuardBytes = 4096;

Fiber* running = nullptr;

// Stacks are used again: there are many fibers, but few at once.
std::vector<void*>& free_stacks() {
  static std::vector<void*> stacks;
  return stacks;
}

void* take_stack() {
  auto& stacks = free_stacks();
  if (!stacks.empty()) {
    void* const stack = stacks.back();
    stacks.pop_back();
    return stack;
  }
  void* const stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, kGuardBytes, PROT_NONE) != 0) throw std::bad_alloc();
  return stack;
}

}  // namespace

Fiber::Fiber(std::function<void()> work) : work_(std::move(work)), memory_(take_stack()) {
  getcontext(&inside_);
  inside_.uc_stack.ss_sp = memory_;
  inside_.uc_stack.ss_size = kStackBytes;
  inside_.uc_link = nullptr;
  makecontext(&inside_, &Fiber::enter, 0);
  stack_.bottom = memory_;
  stack_.size = kStackBytes;
#if defined(LLMSPOOL_TSAN)
  stack_.sanitizer = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  assert(ended_ || !begun_);
#if defined(LLMSPOOL_TSAN)
  __tsan_destroy_fiber(stack_.sanitizer);
#endif
  free_stacks().push_back(memory_);
}

Fiber* Fiber::current() {
  return running;
}

void Fiber::resume() {
  assert(running == nullptr && !ended_);
  running = this;
  begun_ = true;
#if defined(LLMSPOOL_ASAN)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, stack_.bottom, stack_.size);
#elif defined(LLMSPOOL_TSAN)
  callers_stack_.sanitizer = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(stack_.sanitizer, 0);
#endif
  swapcontext(&outside_, &inside_);
#if defined(LLMSPOOL_ASAN)
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  running = nullptr;
}

void Fiber::enter() {
  running->run();
}

void Fiber::run() {
#if defined(LLMSPOOL_ASAN)
  __sanitizer_finish_switch_fiber(nullptr, &callers_stack_.bottom, &callers_stack_.size);
#endif
  work_();
  work_ = nullptr;
  ended_ = true;
  leave(true);
}

void Fiber::pause() {
  assert(running != nullptr);
  running->leave(false);
}

void Fiber::leave([[maybe_unused]] bool for_good) {
#if defined(LLMSPOOL_ASAN)
  __sanitizer_start_switch_fiber(for_good ? nullptr : &stack_.sanitizer, callers_stack_.bottom,
                                 callers_stack_.size);
#elif defined(LLMSPOOL_TSAN)
  __tsan_switch_to_fiber(callers_stack_.sanitizer, 0);
#endif
  swapcontext(&inside_, &outside_);
#if defined(LLMSPOOL_ASAN)
  __sanitizer_finish_switch_fiber(stack_.sanitizer, &callers_stack_.bottom, &callers_stack_.size);
#endif
}

}  // namespace llmspool::simulation
