// SPDX-License-Identifier: MIT
#include "store/sqlite/migrations.hpp"

#include <array>

namespace llmspool::store::sqlite {
namespace {

void create_first(Database& database) {
  // A column of its own for what is filtered or scheduled by; the rest of a job is in `body`. A
  // pending job is claimable (1), or `due` says when it will be, or it waits for other jobs.
  // `expires` is its deadline until it has ended. AUTOINCREMENT: an id is never given twice.
  database.run_once(R"(
    CREATE TABLE jobs(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      status INTEGER NOT NULL,
      owner TEXT NOT NULL,
      pipeline TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      priority INTEGER NOT NULL,
      claimable INTEGER NOT NULL,
      due INTEGER,
      expires INTEGER,
      seq INTEGER NOT NULL,
      body TEXT NOT NULL,
      output TEXT))");
  // A claim is the first entry of the first; it has no entry for the millions that have ended.
  database.run_once(
      "CREATE INDEX jobs_claimable ON jobs(backend, priority DESC, id) WHERE claimable = 1");
  database.run_once("CREATE INDEX jobs_due ON jobs(due) WHERE due IS NOT NULL");
  database.run_once("CREATE INDEX jobs_expires ON jobs(expires) WHERE expires IS NOT NULL");
  database.run_once("CREATE INDEX jobs_by_status ON jobs(status)");
  database.run_once("CREATE INDEX jobs_by_owner ON jobs(owner, status)");

  database.run_once("CREATE TABLE counts(status INTEGER PRIMARY KEY, jobs INTEGER NOT NULL)");
  database.run_once("INSERT INTO counts VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)");

  database.run_once("CREATE TABLE requests(job_id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  // Who runs what, for how long. `life` tells a node's present run from its earlier ones.
  database.run_once(R"(
    CREATE TABLE leases(
      job_id INTEGER PRIMARY KEY,
      node TEXT NOT NULL,
      life INTEGER NOT NULL,
      ends INTEGER NOT NULL))");
  database.run_once(R"(
    CREATE TABLE events(
      job_id INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      at INTEGER NOT NULL,
      type TEXT NOT NULL,
      data TEXT NOT NULL,
      PRIMARY KEY(job_id, seq)) WITHOUT ROWID)");
  database.run_once(R"(
    CREATE TABLE steps(
      id INTEGER PRIMARY KEY,
      job_id INTEGER NOT NULL,
      step TEXT NOT NULL,
      skipped INTEGER NOT NULL,
      prompt_tokens INTEGER NOT NULL,
      completion_tokens INTEGER NOT NULL,
      report TEXT NOT NULL,
      text TEXT NOT NULL,
      UNIQUE(job_id, step)))");
  database.run_once(R"(
    CREATE TABLE files(
      id INTEGER PRIMARY KEY,
      job_id INTEGER NOT NULL,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      media_type TEXT NOT NULL,
      content BLOB NOT NULL,
      UNIQUE(job_id, name)))");
  // Only what is still open: a row goes when the job it names has completed.
  database.run_once(R"(
    CREATE TABLE dependencies(
      after_id INTEGER NOT NULL,
      job_id INTEGER NOT NULL,
      PRIMARY KEY(after_id, job_id)) WITHOUT ROWID)");
  database.run_once(R"(
    CREATE TABLE labels(
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      job_id INTEGER NOT NULL,
      PRIMARY KEY(key, value, job_id)) WITHOUT ROWID)");
  database.run_once(R"(
    CREATE TABLE idempotency(
      id INTEGER PRIMARY KEY,
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      job_id INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      UNIQUE(owner, key)))");
  database.run_once("CREATE INDEX idempotency_by_age ON idempotency(created_at)");
}

// Lines to wait in, groups, runs with one lease for all their jobs, and fewer rows for each job:
// the events of a commit are one row, and that a job was created is told by the job itself.
void create_lines(Database& database) {
  database.run_once(R"(
    CREATE TABLE lined_jobs(
      id INTEGER PRIMARY KEY,
      status INTEGER NOT NULL,
      owner TEXT NOT NULL,
      pipeline TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      priority INTEGER NOT NULL,
      queued INTEGER NOT NULL,
      rank INTEGER NOT NULL,
      claimable INTEGER NOT NULL,
      diverts INTEGER NOT NULL,
      due INTEGER,
      expires INTEGER,
      ended INTEGER,
      group_id INTEGER,
      run INTEGER,
      seq INTEGER NOT NULL,
      body TEXT NOT NULL,
      output TEXT))");
  // A rank is made anew wherever the rules differ from those it was made by: at once, after this.
  database.run_once(R"(
    INSERT INTO lined_jobs
    SELECT id, status, owner, pipeline, backend, model, priority,
           coalesce(json_extract(body, '$.created_at'), 0), 0, claimable,
           coalesce(json_array_length(body, '$.backends'), 0) > 1
             AND json_extract(body, '$.backends[#-1]') <> backend,
           due, expires, json_extract(body, '$.completed_at'), NULL,
           (SELECT life FROM leases WHERE job_id = jobs.id), seq, body, output
    FROM jobs)");
  database.run_once(R"(
    CREATE TABLE runs(
      id INTEGER PRIMARY KEY,
      node TEXT NOT NULL,
      ends INTEGER NOT NULL))");
  database.run_once(
      "INSERT OR IGNORE INTO runs SELECT life, node, max(ends) FROM leases GROUP BY life");
  database.run_once(
      "CREATE TABLE numbers(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
  database.run_once(R"(
    INSERT INTO numbers
    SELECT CASE status WHEN 0 THEN 'held' WHEN 1 THEN 'pending' WHEN 2 THEN 'processing'
           WHEN 3 THEN 'completed' WHEN 4 THEN 'failed' ELSE 'cancelled' END, jobs FROM counts)");
  database.run_once(
      "INSERT INTO numbers SELECT 'next_id', seq + 1 FROM sqlite_sequence WHERE name = 'jobs'");
  database.run_once(
      "DELETE FROM steps WHERE job_id IN (SELECT id FROM jobs WHERE status IN (3, 4, 5))");
  for (const char* table : {"jobs", "leases", "counts"})
    database.run_once(std::string("DROP TABLE ") + table);
  database.run_once("ALTER TABLE lined_jobs RENAME TO jobs");

  // The first entries of a line are the next to be claimed; the millions that have ended have none.
  database.run_once(
      "CREATE INDEX jobs_lines ON jobs(backend, owner, model, rank, id) WHERE claimable = 1");
  database.run_once(
      "CREATE INDEX jobs_diverting ON jobs(backend) WHERE claimable = 1 AND diverts = 1");
  database.run_once("CREATE INDEX jobs_due ON jobs(due) WHERE due IS NOT NULL");
  database.run_once("CREATE INDEX jobs_expires ON jobs(expires) WHERE expires IS NOT NULL");
  database.run_once("CREATE INDEX jobs_ended ON jobs(ended) WHERE ended IS NOT NULL");
  database.run_once("CREATE INDEX jobs_by_group ON jobs(group_id) WHERE group_id IS NOT NULL");
  database.run_once("CREATE INDEX jobs_by_status ON jobs(status)");
  database.run_once("CREATE INDEX jobs_by_owner ON jobs(owner, status)");

  database.run_once(R"(
    CREATE TABLE groups(
      id INTEGER PRIMARY KEY,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      created INTEGER NOT NULL,
      held INTEGER NOT NULL DEFAULT 0,
      pending INTEGER NOT NULL DEFAULT 0,
      processing INTEGER NOT NULL DEFAULT 0,
      completed INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      cancelled INTEGER NOT NULL DEFAULT 0,
      UNIQUE(owner, name)))");
  // The newest job of each key.
  database.run_once(R"(
    CREATE TABLE superseding(
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      job_id INTEGER NOT NULL,
      PRIMARY KEY(owner, key)) WITHOUT ROWID)");
  database.run_once("CREATE TABLE switches(name TEXT PRIMARY KEY) WITHOUT ROWID");

  // A row: the events of one commit up to number `seq`, [[at, type, data], ...].
  database.run_once(R"(
    CREATE TABLE gathered_events(
      job_id INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY(job_id, seq)) WITHOUT ROWID)");
  database.run_once(R"(
    INSERT INTO gathered_events
    SELECT job_id, seq, json_array(json_array(at, type, json(data))) FROM events WHERE seq > 1)");
  database.run_once("DROP TABLE events");
  database.run_once("ALTER TABLE gathered_events RENAME TO events");
}

void create_untold_ends(Database& database) {
  // Jobs that ended in this status and have more followers than were told of it in one commit.
  database.run_once(
      "CREATE TABLE untold_ends(job_id INTEGER PRIMARY KEY, status INTEGER NOT NULL)");
}

void create_pauses(Database& database) {
  // Since when a job that waits for its `due` pauses between two attempts; see earliest_start().
  database.run_once("ALTER TABLE jobs ADD COLUMN paused INTEGER");
  database.run_once("CREATE INDEX jobs_paused ON jobs(paused) WHERE paused IS NOT NULL");
  // A job may go back to a candidate before its own, too.
  database.run_once(
      "UPDATE jobs SET diverts = 1 "
      "WHERE status IN (0, 1) AND coalesce(json_array_length(body, '$.backends'), 0) > 1");
}

// The function at [n] makes version n + 1 of version n.
constexpr std::array kMigrations{create_first, create_lines, create_untold_ends, create_pauses};

std::int64_t version_of(Database& database) {
  Query query = database.query_once("PRAGMA user_version");
  query.next();
  return query.number(0);
}

}  // namespace

void migrate(Database& database) {
  constexpr auto kNewest = std::int64_t{kMigrations.size()};
  std::int64_t version = version_of(database);
  if (version > kNewest) {
    throw DatabaseError({Code::internal, "The database '" + database.file().string() +
                                             "' was written by a later version of llmspool (its "
                                             "format is " +
                                             std::to_string(version) + ", this version knows " +
                                             std::to_string(kNewest) +
                                             "): install that version again, or name another "
                                             "state directory."});
  }
  for (; version < kNewest; ++version) {
    database.run_once("BEGIN IMMEDIATE");
    kMigrations[static_cast<std::size_t>(version)](database);
    database.run_once("PRAGMA user_version = " + std::to_string(version + 1));
    database.run_once("COMMIT");
  }
}

}  // namespace llmspool::store::sqlite
