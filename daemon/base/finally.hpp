// SPDX-License-Identifier: MIT
// Work that is done at the end of a scope, whichever way that is left.
#pragma once

#include <utility>

namespace llmspool {

template <class Work>
class Finally {
 public:
  explicit Finally(Work work) : work_(std::move(work)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { work_(); }

 private:
  const Work work_;
};

}  // namespace llmspool
