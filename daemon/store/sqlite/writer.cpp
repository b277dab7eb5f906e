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
  Tasks tasks;
  const std::size_t count = std::min(waiting_.size(), limits::kCommandsPerCommit);
  tasks.reserve(count);
  std::move(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count),
            std::back_inserter(tasks));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  return tasks;
}

void Writer::commit(Tasks& tasks) {
  const auto failed = commit_together(tasks);
  // A damaged row is the misfortune of those that need it, not of all that came at the same time.
  const bool alone = failed && failed->making && tasks.size() > 1;
  for (const auto& task : tasks) {
    const auto error = alone ? commit_together(std::span(&task, 1)) : failed;
    if (error) task->fail(error->error);
  }
  for (const auto& task : tasks) task->answer();
}

std::optional<Writer::Failed> Writer::commit_together(
    std::span<const std::unique_ptr<Task>> tasks) {
  auto failed = try_together(tasks);
  while (failed && changes_.take_learned()) failed = try_together(tasks);
  return failed;
}

std::optional<Writer::Failed> Writer::try_together(std::span<const std::unique_ptr<Task>> tasks) {
  bool making = false;
  try {
    database_.run("BEGIN IMMEDIATE");
    making = true;
    changes_.begin();
    for (const auto& task : tasks) task->make(changes_);
    changes_.flush();
    making = false;
    database_.run("COMMIT");
    space_to_give_back_ = changes_.take_removed() || space_to_give_back_;
    return std::nullopt;
  } catch (const DatabaseError& failed) {
    roll_back();
    return Failed{failed.error(), making && failed.error().code == Code::internal};
  } catch (const std::exception& bug) {
    roll_back();
    return Failed{{Code::internal, std::string("The store failed: ") + bug.what() + "."}, making};
  }
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
