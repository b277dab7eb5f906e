// SPDX-License-Identifier: MIT
// The pipelines that are in force: a reload puts a new library in the place of the old one, which
// lives on for whoever still uses it. Any thread.
#pragma once

#include <memory>
#include <mutex>

#include "pipeline/library.hpp"

namespace llmspool::pipeline {

class Current {
 public:
  explicit Current(Library library)
      : library_(std::make_shared<const Library>(std::move(library))) {}

  std::shared_ptr<const Library> get() const {
    const std::scoped_lock lock(mutex_);
    return library_;
  }
  void replace(Library library) {
    auto next = std::make_shared<const Library>(std::move(library));
    const std::scoped_lock lock(mutex_);
    library_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Library> library_;
};

}  // namespace llmspool::pipeline
