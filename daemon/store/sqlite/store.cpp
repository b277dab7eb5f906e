// SPDX-License-Identifier: MIT
#include "store/sqlite/store.hpp"

#include "store/sqlite/events.hpp"
#include "store/sqlite/listing.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/results.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/state_directory.hpp"
#include "store/sqlite/writer.hpp"

namespace llmspool::store::sqlite {
namespace {

using job::Job;
using job::JobId;

// What is asked for a job that has none of it may be asked for a job that is not there.
Result<void> check_exists(Database& database, JobId id) {
  Query row = database.query("SELECT 1 FROM jobs WHERE id = ?", id);
  if (!row.next()) return no_such_job(id);
  return {};
}

class SqliteStore final : public Store {
 public:
  SqliteStore(StateDirectory directory, Database database, const Clock& clock,
              Changes::Options options)
      : directory_(std::move(directory)),
        readers_(directory_.database()),
        writer_(std::move(database), clock, options) {}

  void submit(Submission submission, Done<Submitted> done) override {
    writer_.push<Submitted>([submission = std::move(submission)](
                                Changes& changes) mutable { return changes.submit(submission); },
                            std::move(done));
  }

  void apply(JobId id, std::optional<job::Fence> fence, std::vector<job::Command> commands,
             Done<Applied> done) override {
    writer_.push<Applied>([id, fence, commands = std::move(commands)](
                              Changes& changes) { return changes.apply(id, fence, commands); },
                          std::move(done));
  }

  void claim(std::string backend, std::string node, Time lease_until,
             Done<std::optional<Claimed>> done) override {
    writer_.push<std::optional<Claimed>>(
        [backend = std::move(backend), node = std::move(node), lease_until](Changes& changes) {
          return changes.claim(backend, node, lease_until);
        },
        std::move(done));
  }

  void renew(std::string node, Time lease_until, Done<void> done) override {
    writer_.push<void>([node = std::move(node),
                        lease_until](Changes& changes) { return changes.renew(node, lease_until); },
                       std::move(done));
  }

  void recover(std::string node, Done<std::vector<Applied>> done) override {
    writer_.push<std::vector<Applied>>(
        [node = std::move(node)](Changes& changes) { return changes.recover(node); },
        std::move(done));
  }

  void wake(Done<Woken> done) override {
    writer_.push<Woken>([](Changes& changes) { return changes.wake(); }, std::move(done));
  }

  void remove(JobId id, Done<void> done) override {
    writer_.push<void>([id](Changes& changes) { return changes.remove(id); }, std::move(done));
  }

  Result<Job> get(JobId id) override {
    return readers_.read([id](Database& database) -> Result<Job> {
      auto job = find_job(database, id);
      if (!job) return no_such_job(id);
      return *std::move(job);
    });
  }

  Result<std::vector<Job>> list(const Filter& filter) override {
    return readers_.read([&](Database& database) -> Result<std::vector<Job>> {
      return list_jobs(database, filter);
    });
  }

  Result<std::vector<job::Event>> events(JobId id, job::Seq after, std::size_t limit) override {
    return readers_.read([&](Database& database) -> Result<std::vector<job::Event>> {
      auto events = events_of(database, id, after, limit);
      if (events.empty()) LLMSPOOL_CHECK(check_exists(database, id));
      return events;
    });
  }

  Result<std::vector<FileInfo>> files(JobId id) override {
    return readers_.read([&](Database& database) -> Result<std::vector<FileInfo>> {
      auto files = files_of(database, id);
      if (files.empty()) LLMSPOOL_CHECK(check_exists(database, id));
      return files;
    });
  }

  Result<job::File> file(JobId id, const std::string& name) override {
    return readers_.read([&](Database& database) -> Result<job::File> {
      auto file = find_file(database, id, name);
      if (file) return *std::move(file);
      LLMSPOOL_CHECK(check_exists(database, id));
      return fail(Code::not_found, "Job " + std::to_string(id) + " has no file '" + name + "'.");
    });
  }

  Result<Counts> counts() override {
    return readers_.read([](Database& database) -> Result<Counts> {
      Tally tally;
      tally.read(database);
      return tally.counts();
    });
  }

 private:
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

// Each opening is a life of its own: leases of earlier ones are nobody's.
std::int64_t begin_life(Database& database) {
  Query row = database.query_once("SELECT coalesce(max(life), 0) + 1 FROM leases");
  row.next();
  return row.number(0);
}

}  // namespace

Result<std::unique_ptr<Store>> open(const Options& options) {
  LLMSPOOL_TRY(directory, StateDirectory::take(options.directory));
  try {
    Database database(directory.database());
    configure(database);
    migrate(database);
    const Changes::Options changes{options.waiting_max, begin_life(database)};
    return std::make_unique<SqliteStore>(std::move(directory), std::move(database), options.clock,
                                         changes);
  } catch (const DatabaseError& failed) {
    return std::unexpected(failed.error());
  }
}

}  // namespace llmspool::store::sqlite
