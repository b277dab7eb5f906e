// SPDX-License-Identifier: MIT
// The daemon's own store on a database in memory, with a disk that is slow at times and fails at
// times: changes gather, are made in one transaction, and are answered when its sync is over. A
// crash may come in between, for a transaction that is made is durable before anybody hears of it.
#pragma once

#include <deque>

#include "random.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "virtual_time.hpp"
#include "witness.hpp"

namespace llmspool::simulation {

namespace sqlite = store::sqlite;

// An empty database; one is used for many histories, since making its tables takes longer than a
// history.
class Disk {
 public:
  Disk();
  void clear();
  sqlite::Database& database() { return database_; }
  bool fails = false;  // now and then
  bool slow = false;   // now and then

 private:
  sqlite::Database database_;
};

// One life of the daemon's store.
class SimulatedStore final : public sqlite::SqliteStore {
 public:
  // All outlive it.
  SimulatedStore(Disk& disk, VirtualTime& time, Random& random, Witness& witness,
                 const sqlite::Changes::Options& options);

  void submit(store::Submission submission, store::Done<store::Submitted> done) override;
  void submit_all(std::vector<store::Submission> submissions,
                  store::Done<std::vector<Result<store::Submitted>>> done) override;
  void apply(job::JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             store::Done<store::Applied> done) override;
  void claim(store::Claim claim, store::Done<std::vector<store::Claimed>> done) override;
  void divert(std::string backend, std::vector<std::string> others, job::JobId after,
              store::Done<store::Batch> done) override;
  void cancel_group(std::string owner, std::string group, job::JobId before,
                    store::Done<store::Batch> done) override;
  void renew(std::string node, Time lease_until, store::Done<void> done) override;
  void recover(std::string node, store::Done<Recovered> done) override;
  void wake(store::Done<Woken> done) override;
  void remove(job::JobId id, store::Done<void> done) override;
  void retain(store::Retention retention, store::Done<Retained> done) override;
  void set_switch(std::string name, bool on, store::Done<void> done) override;
  Result<std::shared_ptr<std::ifstream>> backup(const std::stop_token& stop) override;

  bool idle() const { return tasks_.empty() && !committing_; }

 private:
  using Tasks = std::vector<std::unique_ptr<sqlite::Task>>;

  void push(std::unique_ptr<sqlite::Task> task) override;
  void with_database(const std::function<void(sqlite::Database&)>& work) override;
  void commit();
  void make(const Tasks& tasks);
  void roll_back();
  Milliseconds some_time();
  // Shows the witness what was committed, and keeps the answer until the sync is over.
  template <class T, class Note>
  store::Done<T> answered_later(Note note, store::Done<T> done);

  Disk& disk_;
  VirtualTime& time_;
  Random& random_;
  Witness& witness_;
  sqlite::Changes changes_;
  Tasks tasks_;
  bool committing_ = false;
  std::vector<std::function<void()>> answers_;
};

}  // namespace llmspool::simulation
