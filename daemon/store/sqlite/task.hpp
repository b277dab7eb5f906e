// SPDX-License-Identifier: MIT
// A change that waits for its transaction, and whom to tell of it.
#pragma once

#include "store/sqlite/changes.hpp"

namespace llmspool::store::sqlite {

class Task {
 public:
  virtual ~Task() = default;
  virtual void make(Changes& changes) = 0;    // again if the first transaction came to nothing
  virtual void fail(const Error& error) = 0;  // the transaction came to nothing
  virtual void answer() = 0;                  // once
};

// `change` is called as change(Changes&) and gives a Result<T>.
template <class T, class Change>
class TypedTask final : public Task {
 public:
  TypedTask(Change change, Done<T> done) : change_(std::move(change)), done_(std::move(done)) {}
  void make(Changes& changes) override { result_ = change_(changes); }
  void fail(const Error& error) override { result_ = std::unexpected(error); }
  void answer() override { done_(std::move(result_)); }

 private:
  Change change_;
  Done<T> done_;
  Result<T> result_ = std::unexpected(Error{Code::internal, "Nothing was done yet."});
};

}  // namespace llmspool::store::sqlite
