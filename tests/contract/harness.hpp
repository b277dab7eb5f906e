// SPDX-License-Identifier: MIT
// What the tests of the Store's promises stand on: a clock that stands still, a directory of their
// own, and calls that wait for their answer.
#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "store/store.hpp"

namespace llmspool::store {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  Time now() const override { return Time(Milliseconds(now_.load())); }
  void advance(Milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'800'000'000'000};
};

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Calls `ask` with a Done<T> and waits until that is called.
template <class T, class Ask>
Result<T> await(Ask ask) {
  auto answer = std::make_shared<std::promise<Result<T>>>();
  auto future = answer->get_future();
  ask(Done<T>([answer](Result<T> result) { answer->set_value(std::move(result)); }));
  return future.get();
}

// A kind of store. All keep the same promises; those of one directory hold the same jobs.
struct Bounds {
  std::size_t waiting_max = 1000;
  std::size_t owner_waiting_max = 1000;
};
struct Kind {
  std::string name;
  std::function<Result<std::unique_ptr<Store>>(const std::filesystem::path& directory,
                                               const Bounds& bounds, const Clock& clock)>
      open;
};
std::vector<Kind> kinds();
void PrintTo(const Kind& kind, std::ostream* out);

// One store and shorthand for its calls; what a test does not speak of is expected to succeed.
class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { open(); }

  void open(const Bounds& bounds);
  void open() { open(Bounds()); }
  void reopen(const Bounds& bounds = Bounds()) { open(bounds); }

  static Submission prompt(std::string owner = "alice");
  Result<Submitted> try_submit(Submission submission);
  job::Job submit(Submission submission);
  job::Job submit() { return submit(prompt()); }
  job::Job submit_after(std::vector<job::JobId> after);

  Result<Applied> try_apply(job::JobId id, job::Command command,
                            std::optional<job::Fence> fence = {});
  Applied apply(job::JobId id, job::Command command);
  std::optional<Claimed> claim(const std::string& backend = "echo", const std::string& node = "a",
                               Milliseconds lease = 1min);
  std::vector<Claimed> claim_some(Claim claim);
  bool can_claim() { return claim().has_value(); }
  job::Job claim_job() { return claim().value().applied.job; }
  Store::Recovered recover_all(const std::string& node = "a");
  std::vector<Applied> recover(const std::string& node = "a");
  Store::Woken wake();
  Result<void> try_remove(job::JobId id);

  job::Job get(job::JobId id) { return store_->get(id).value(); }
  std::vector<job::JobId> ids(const Filter& filter);
  // The types of a job's events, whose numbers are checked to have no gap.
  std::vector<std::string> log(job::JobId id);

  // Keeps the store from committing until the promise is kept, so that what is asked for meanwhile
  // gathers for one commit.
  std::promise<void> stall();

  ManualClock clock_;
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace llmspool::store
