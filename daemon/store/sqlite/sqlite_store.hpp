// SPDX-License-Identifier: MIT
// All of a Store on SQLite but who carries out its changes and when: that is for the file's store
// (store.cpp), or for a simulation.
#pragma once

#include <functional>
#include <memory>

#include "store/sqlite/task.hpp"

namespace llmspool::store::sqlite {

class SqliteStore : public Store {
 public:
  explicit SqliteStore(const Clock& clock, SpaceLimits space = {}) : clock_(clock), space_(space) {}

  void submit(Submission submission, Done<Submitted> done) override;
  void submit_all(std::vector<Submission> submissions,
                  Done<std::vector<Result<Submitted>>> done) override;
  void apply(job::JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             Done<Applied> done) override;
  void claim(Claim claim, Done<std::vector<Claimed>> done) override;
  void divert(std::string backend, std::vector<std::string> others, job::JobId after,
              Done<Batch> done) override;
  void cancel_group(std::string owner, std::string group, job::JobId before,
                    Done<Batch> done) override;
  void renew(std::string node, Time lease_until, Done<void> done) override;
  void recover(std::string node, Done<Recovered> done) override;
  void wake(Done<Woken> done) override;
  void remove(job::JobId id, Done<void> done) override;
  void retain(Retention retention, Done<Retained> done) override;
  void set_switch(std::string name, bool on, Done<void> done) override;

  Result<job::Job> get(job::JobId id) override;
  Result<std::vector<job::Job>> list(const Filter& filter) override;
  Result<std::vector<job::Event>> events(job::JobId id, job::Seq after, std::size_t limit) override;
  Result<std::vector<FileInfo>> files(job::JobId id) override;
  Result<job::File> file(job::JobId id, const std::string& name) override;
  Result<Counts> counts() override;
  Result<std::vector<Group>> groups(const std::optional<std::string>& owner,
                                    std::size_t limit) override;
  Result<Group> group(const std::string& owner, const std::string& name) override;
  Result<Queue> queue(const std::string& backend, std::size_t per_line) override;
  Result<std::optional<std::pair<job::Job, std::string>>> known_key(
      const std::string& owner, const std::string& key) override;
  Result<std::set<std::string>> switches() override;
  Result<void> room() override;

 private:
  // Any thread. Makes the change with others in one transaction, then answers each, in order.
  virtual void push(std::unique_ptr<Task> task) = 0;
  // Any thread. On a connection that sees what is committed; throws DatabaseError.
  virtual void with_database(const std::function<void(Database&)>& work) = 0;

  template <class T, class Change>
  void push(Change change, Done<T> done) {
    push(std::make_unique<TypedTask<T, Change>>(std::move(change), std::move(done)));
  }
  template <class Read>
  auto read(Read read) -> std::invoke_result_t<Read, Database&> {
    std::invoke_result_t<Read, Database&> result;
    try {
      with_database([&](Database& database) { result = read(database); });
    } catch (const DatabaseError& failed) {
      return std::unexpected(failed.error());
    }
    return result;
  }

  const Clock& clock_;
  const SpaceLimits space_;
};

}  // namespace llmspool::store::sqlite
