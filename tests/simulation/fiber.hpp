// SPDX-License-Identifier: MIT
// A function that can be left in the middle and gone on with later, on a stack of its own: so that
// code that blocks can run under a virtual clock without a thread. All fibers of a simulation
// belong to one thread, and a fiber is gone on with from outside of any fiber.
#pragma once

#include <ucontext.h>

#include <functional>

namespace llmspool::simulation {

class Fiber {
 public:
  // `work` lets no exception out.
  explicit Fiber(std::function<void()> work);
  ~Fiber();  // it has not begun, or it has ended
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void resume();            // until it pauses or ends
  static void pause();      // called in a fiber
  static Fiber* current();  // null outside of any fiber
  bool begun() const { return begun_; }
  bool ended() const { return ended_; }

 private:
  static void enter();
  void run();
  void leave(bool for_good);

  // What the sanitizers must be told of a change of stacks; nothing without them.
  struct Stack {
    void* sanitizer = nullptr;
    const void* bottom = nullptr;
    std::size_t size = 0;
  };

  std::function<void()> work_;
  void* memory_;
  ucontext_t inside_{}, outside_{};
  Stack stack_, callers_stack_;
  bool begun_ = false, ended_ = false;
};

}  // namespace llmspool::simulation
