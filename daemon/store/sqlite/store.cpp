// SPDX-License-Identifier: MIT
#include "store/sqlite/store.hpp"

#include "store/sqlite/migrations.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/state_directory.hpp"
#include "store/sqlite/writer.hpp"

namespace llmspool::store::sqlite {
namespace {

class FileStore final : public SqliteStore {
 public:
  FileStore(StateDirectory directory, Database database, const Clock& clock,
            Changes::Options options)
      : SqliteStore(clock, options.space),
        directory_(std::move(directory)),
        readers_(directory_.database()),
        writer_(std::move(database), clock, options) {}

  Result<std::shared_ptr<std::ifstream>> backup(const std::stop_token& stop) override {
    LLMSPOOL_TRY(copy, directory_.begin_copy());
    try {
      Database database(directory_.database());
      database.obey(stop);
      database.run("VACUUM INTO ?", std::string_view(copy.path().native()));
      if (!stop.stop_requested()) return copy.open();
    } catch (const DatabaseError& failed) {
      if (!stop.stop_requested()) return std::unexpected(failed.error());
    }
    return fail(Code::unavailable, "The daemon stops: take the backup when it is back.");
  }

 private:
  void push(std::unique_ptr<Task> task) override { writer_.push(std::move(task)); }
  void with_database(const std::function<void(Database&)>& work) override { readers_.read(work); }

  const StateDirectory directory_;
  Readers readers_;
  Writer writer_;  // last, so that it ends first and the file is still locked then
};

// With it readers wait for no writer, and a commit is one sync of one file.
void use_write_ahead_log(Database& database) {
  Query mode = database.query_once("PRAGMA journal_mode = WAL");
  if (mode.next() && mode.text(0) == "wal") return;
  throw DatabaseError({Code::internal, "The file system of '" + database.file().string() +
                                           "' cannot share memory between readers and writers: "
                                           "name a state directory on a local disk."});
}

void configure(Database& database) {
  // Before there is anything in the file: afterwards it has no effect. See give_back_space().
  database.run_once("PRAGMA auto_vacuum = INCREMENTAL");
  use_write_ahead_log(database);
  // FULL syncs at every commit: what has been answered survives a power cut.
  database.run_once("PRAGMA synchronous = FULL");
  database.run_once("PRAGMA journal_size_limit = 16777216");
  database.run_once("PRAGMA cache_size = -1024");  // KiB; the kernel caches the file anyway
  database.run_once("PRAGMA temp_store = MEMORY");
}

// Jobs that wait have been ranked by the rules of an earlier life; where those differ, anew.
void rank_anew(Database& database, const job::TurnRules& rules) {
  constexpr std::string_view kRankedBy = "ranked_by_aging_ms";
  if (read_number(database, kRankedBy) == rules.aging.count()) return;
  database.run_once("BEGIN IMMEDIATE");
  database.run("UPDATE jobs SET rank = queued - priority * ? WHERE status IN (0, 1)",
               rules.aging.count());
  write_number(database, kRankedBy, rules.aging.count());
  database.run_once("COMMIT");
}

}  // namespace

Result<std::unique_ptr<Store>> open(const Options& options) {
  LLMSPOOL_TRY(directory, StateDirectory::take(options.directory));
  try {
    Database database(directory.database());
    configure(database);
    migrate(database);
    rank_anew(database, options.turns);
    const Changes::Options changes{.waiting_max = options.waiting_max,
                                   .owner_waiting_max = options.owner_waiting_max,
                                   .space = options.space,
                                   .turns = options.turns};
    return std::make_unique<FileStore>(std::move(directory), std::move(database), options.clock,
                                       changes);
  } catch (const DatabaseError& failed) {
    return std::unexpected(failed.error());
  }
}

}  // namespace llmspool::store::sqlite
