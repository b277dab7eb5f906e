// SPDX-License-Identifier: MIT
// The one thread that writes. It takes all changes that have gathered, makes them in one
// transaction, syncs once, and then answers each: many clients share a sync, and a single change
// waits for nobody.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/changes.hpp"

namespace llmspool::store::sqlite {

class Writer {
 public:
  Writer(Database database, const Clock& clock, Changes::Options options);
  ~Writer();  // after everything that was pushed has been answered
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Any thread. `change` is called as change(Changes&) and gives a Result<T>.
  template <class T, class Change>
  void push(Change change, Done<T> done) {
    push(std::make_unique<TypedTask<T, Change>>(std::move(change), std::move(done)));
  }

 private:
  // A change and whom to tell.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void make(Changes& changes) = 0;
    virtual void fail(const Error& error) = 0;  // the transaction came to nothing
    virtual void answer() = 0;
  };
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
  using Tasks = std::deque<std::unique_ptr<Task>>;

  void push(std::unique_ptr<Task> task);
  void run();
  Tasks take();  // blocks until there are some, or nothing more will come
  void commit(Tasks& tasks);
  void roll_back();
  bool give_back_space();

  Database database_;
  Changes changes_;
  bool space_to_give_back_ = false;

  std::mutex mutex_;
  std::condition_variable gathered_;
  Tasks waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace llmspool::store::sqlite
