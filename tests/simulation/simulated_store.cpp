// SPDX-License-Identifier: MIT
#include "simulated_store.hpp"

#include <gtest/gtest.h>

#include "store/sqlite/migrations.hpp"

namespace llmspool::simulation {

using job::JobId;
using store::Done;

Disk::Disk() : database_(":memory:") {
  database_.run_once("PRAGMA temp_store = MEMORY");
  sqlite::migrate(database_);
}

void Disk::clear() {
  fails = slow = false;
  std::vector<std::string> tables;
  for (auto row = database_.query("SELECT name FROM sqlite_schema WHERE type = 'table'");
       row.next();)
    tables.emplace_back(row.text(0));
  for (const auto& table : tables) database_.run("DELETE FROM " + table);
}

SimulatedStore::SimulatedStore(Disk& disk, VirtualTime& time, Random& random, Witness& witness,
                               const sqlite::Changes::Options& options)
    : SqliteStore(time),
      disk_(disk),
      time_(time),
      random_(random),
      witness_(witness),
      changes_(disk.database(), time, options) {}

template <class T, class Note>
Done<T> SimulatedStore::answered_later(Note note, Done<T> done) {
  return [this, note = std::move(note), done = std::move(done)](Result<T> result) {
    if constexpr (std::is_void_v<T>) {
      if (result) note();
    } else {
      if (result) note(*result);
    }
    answers_.push_back([done, result = std::make_shared<Result<T>>(std::move(result))] {
      done(std::move(*result));
    });
  };
}

void SimulatedStore::submit(store::Submission submission, Done<store::Submitted> done) {
  auto note = [this, submission](const auto& submitted) {
    witness_.submitted(submission, submitted);
  };
  SqliteStore::submit(std::move(submission), answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::submit_all(std::vector<store::Submission> submissions,
                                Done<std::vector<Result<store::Submitted>>> done) {
  auto note = [this, submissions](const auto& all) {
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i]) witness_.submitted(submissions[i], *all[i]);
  };
  SqliteStore::submit_all(std::move(submissions), answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::apply(JobId id, std::optional<job::Fence> fence,
                           std::vector<job::Command> commands, Done<store::Applied> done) {
  auto note = [this, fence, commands](const auto& applied) {
    witness_.applied(applied, fence, commands);
  };
  SqliteStore::apply(id, fence, std::move(commands),
                     answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::claim(store::Claim claim, Done<std::vector<store::Claimed>> done) {
  witness_.asks_to_claim(claim);
  auto note = [this, claim](const auto& claimed) { witness_.claimed(claim, claimed); };
  SqliteStore::claim(std::move(claim), answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::divert(std::string backend, std::vector<std::string> others, JobId after,
                            Done<store::Batch> done) {
  auto note = [this](const auto& batch) { witness_.changed(batch.applied); };
  SqliteStore::divert(std::move(backend), std::move(others), after,
                      answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::cancel_group(std::string owner, std::string group, JobId before,
                                  Done<store::Batch> done) {
  auto note = [this](const auto& batch) { witness_.changed(batch.applied); };
  SqliteStore::cancel_group(std::move(owner), std::move(group), before,
                            answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::renew(std::string node, Time lease_until, Done<void> done) {
  SqliteStore::renew(std::move(node), lease_until, answered_later([] {}, std::move(done)));
}

void SimulatedStore::recover(std::string node, Done<Recovered> done) {
  auto note = [this](const auto& recovered) { witness_.changed(recovered.interrupted); };
  SqliteStore::recover(std::move(node), answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::wake(Done<Woken> done) {
  auto note = [this](const auto& woken) { witness_.woken(woken); };
  SqliteStore::wake(answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::remove(JobId id, Done<void> done) {
  SqliteStore::remove(id, answered_later([this, id] { witness_.removed(id); }, std::move(done)));
}

void SimulatedStore::retain(store::Retention retention, Done<Retained> done) {
  auto note = [this](const auto& retained) {
    for (const JobId id : retained.removed) witness_.removed(id);
  };
  SqliteStore::retain(retention, answered_later(std::move(note), std::move(done)));
}

void SimulatedStore::set_switch(std::string name, bool on, Done<void> done) {
  auto note = [this, name, on] { witness_.switched(name, on); };
  SqliteStore::set_switch(std::move(name), on, answered_later(std::move(note), std::move(done)));
}

Result<std::shared_ptr<std::ifstream>> SimulatedStore::backup(const std::stop_token&) {
  return fail(Code::internal, "A database in memory has no backup.");
}

void SimulatedStore::with_database(const std::function<void(sqlite::Database&)>& work) {
  work(disk_.database());
}

void SimulatedStore::push(std::unique_ptr<sqlite::Task> task) {
  tasks_.push_back(std::move(task));
  if (std::exchange(committing_, true)) return;
  time_.after(random_.up_to(Milliseconds(1)), [this] { commit(); });
}

Milliseconds SimulatedStore::some_time() {
  using std::chrono::seconds;
  if (disk_.slow && random_.chance(1)) return seconds(5);
  return random_.up_to(Milliseconds(random_.chance(10) ? 50 : 4));
}

void SimulatedStore::commit() {
  const Tasks tasks = std::exchange(tasks_, {});
  make(tasks);
  for (const auto& task : tasks) task->answer();
  witness_.committed();
  time_.after(some_time(), [this] {
    const auto answers = std::exchange(answers_, {});
    for (const auto& answer : answers) answer();
    committing_ = false;
    if (tasks_.empty()) return;
    committing_ = true;
    commit();
  });
}

void SimulatedStore::make(const Tasks& tasks) {
  auto& database = disk_.database();
  const bool fails = disk_.fails && random_.chance(2);
  // On the way, or at the end.
  const auto count = tasks.size();
  const auto made = fails && random_.chance(50)
                        ? static_cast<std::size_t>(random_.pick(static_cast<int>(count)))
                        : count;
  database.run("BEGIN IMMEDIATE");
  changes_.begin();
  for (const auto& task : std::span(tasks).first(made)) task->make(changes_);
  if (made == count) changes_.flush();
  if (!fails) return database.run("COMMIT");
  database.run("ROLLBACK");
  changes_.forget();
  witness_.turns_are_forgotten();
  const Error error = random_.chance(50) ? Error{Code::no_space, "The disk is full."}
                                         : Error{Code::internal, "The disk fails."};
  for (const auto& task : tasks) task->fail(error);
}

}  // namespace llmspool::simulation
