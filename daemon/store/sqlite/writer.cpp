// SPDX-License-Identifier: MIT
#include "store/sqlite/writer.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/log.hpp"

namespace llmspool::store::sqlite {
namespace {

// Free pages that stay in the file for the next jobs, and how many others go at once.
constexpr std::int64_t kFreePagesKept = 256;
constexpr std::int64_t kFreePagesGivenBack = 512;

}  // namespace

Writer::Writer(Database database, const Clock& clock, Changes::Options options)
    : database_(std::move(database)),
      changes_(database_, clock, options),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  gathered_.notify_one();
  thread_.join();
}

void Writer::push(std::unique_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  gathered_.notify_one();
}

void Writer::run() {
  for (Tasks tasks = take(); !tasks.empty(); tasks = take()) commit(tasks);
}

Writer::Tasks Writer::take() {
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    if (space_to_give_back_) {  // nobody waits, so nobody waits for this
      lock.unlock();
      space_to_give_back_ = give_back_space();
      lock.lock();
    } else {
      gathered_.wait(lock);
    }
  }
  if (waiting_.size() <= limits::kCommandsPerCommit) return std::exchange(waiting_, {});
  Tasks tasks;
  for (std::size_t taken = 0; taken < limits::kCommandsPerCommit; ++taken) {
    tasks.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return tasks;
}

void Writer::commit(Tasks& tasks) {
  try {
    database_.run("BEGIN IMMEDIATE");
    changes_.begin();
    for (const auto& task : tasks) task->make(changes_);
    changes_.flush();
    database_.run("COMMIT");
    space_to_give_back_ = changes_.take_removed() || space_to_give_back_;
  } catch (const DatabaseError& failed) {
    roll_back();
    for (const auto& task : tasks) task->fail(failed.error());
  } catch (const std::exception& bug) {
    roll_back();
    const Error error{Code::internal, std::string("The store failed: ") + bug.what() + "."};
    for (const auto& task : tasks) task->fail(error);
  }
  for (const auto& task : tasks) task->answer();
}

void Writer::roll_back() {
  changes_.forget();
  if (!database_.in_transaction()) return;  // SQLite has done it
  try {
    database_.run("ROLLBACK");
  } catch (const DatabaseError& failed) {
    log::error(failed.what());  // the next BEGIN will fail too, and nothing be half done
  }
}

// Cuts some free pages off the file; whether there are more. The space that a removed job took is
// free at once for other jobs (auto_vacuum=INCREMENTAL keeps track of it); giving it back to the
// disk moves pages about and needs a sync, so it is done in pieces when there is nothing else to
// do.
bool Writer::give_back_space() {
  try {
    std::int64_t free_pages = 0;
    if (Query row = database_.query("PRAGMA freelist_count"); row.next())
      free_pages = row.number(0);
    const auto pages = std::min(free_pages - kFreePagesKept, kFreePagesGivenBack);
    if (pages > 0) database_.run_once("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")");
    if (pages == kFreePagesGivenBack) return true;
    database_.run("PRAGMA wal_checkpoint(PASSIVE)");  // or the file would keep its length
  } catch (const DatabaseError& failed) {
    log::warning(failed.what());  // nothing is lost but space, and it is tried again
  }
  return false;
}

}  // namespace llmspool::store::sqlite
