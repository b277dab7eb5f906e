// SPDX-License-Identifier: MIT
// A process that has used up its descriptors.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace llmspool::http {

class FewDescriptors {
 public:
  // So many more can be had.
  explicit FewDescriptors(int left) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{200, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = dup(0); fd >= 0; fd = dup(0)) taken_.push_back(fd);
    for (; left > 0; --left) give_back();
  }
  ~FewDescriptors() {
    while (!taken_.empty()) give_back();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  void give_back() {
    close(taken_.back());
    taken_.pop_back();
  }

  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace llmspool::http
