// SPDX-License-Identifier: MIT
#include "store/sqlite/database.hpp"

#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "store/sqlite/log_file.hpp"

namespace llmspool::store::sqlite {
namespace {

constexpr int kBusyMilliseconds = 5000;  // another program may look into the file with sqlite3

bool is_out_of_space(int result, int system_error) {
  if (result == SQLITE_FULL) return true;
  return result == SQLITE_IOERR &&
         (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

bool is_read_only(int result, int system_error) {
  return system_error == EROFS && (result == SQLITE_IOERR || result == SQLITE_CANTOPEN);
}

}  // namespace

Query::Query(Database& database, sqlite3_stmt* statement, bool kept)
    : database_(&database), statement_(statement), kept_(kept) {}

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      kept_(other.kept_),
      bound_(other.bound_) {}

Query::~Query() {
  if (!kept_) {
    sqlite3_finalize(statement_);
  } else if (statement_ != nullptr) {
    sqlite3_reset(statement_);  // repeats the error of the last step, which was thrown
    sqlite3_clear_bindings(statement_);
  }
}

void Query::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_, ++bound_, value));
}

void Query::bind(std::string_view text) {
  // A null pointer would be bound as NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  check(sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(Bytes blob) {
  const char* data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  check(sqlite3_bind_blob64(statement_, ++bound_, data, blob.bytes.size(), SQLITE_STATIC));
}

void Query::bind(std::nullptr_t) {
  check(sqlite3_bind_null(statement_, ++bound_));
}

void Query::check(int result) const {
  if (result != SQLITE_OK) database_->fail(result);
}

bool Query::next() {
  errno = 0;  // fail() looks at it: sqlite3_system_errno() does not know of a failed COMMIT
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_->fail(result);
  return false;
}

std::int64_t Query::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Query::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(std::filesystem::path file) : file_(std::move(file)) {
  sqlite3* handle = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = open_database(file_.c_str(), &handle, kFlags);
  handle_.reset(handle);  // there is one even after a failure, to ask what it was
  if (result != SQLITE_OK) fail(result);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
}

void Database::obey(const std::stop_token& stop) {
  constexpr int kSteps = 10;  // of SQLite's machine: some rows, which may be large
  const auto asked = [](void* token) -> int {
    return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
  };
  sqlite3_progress_handler(handle_.get(), kSteps, asked, const_cast<std::stop_token*>(&stop));
}

void Database::run_once(const std::string& sql) {
  Query running = query_once(sql);
  while (running.next()) {
  }
}

sqlite3_stmt* Database::prepare(std::string_view sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        flags, &statement, nullptr);
  if (result != SQLITE_OK) fail(result);
  return statement;
}

sqlite3_stmt* Database::kept(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    std::unique_ptr<sqlite3_stmt, Close> statement(prepare(sql, SQLITE_PREPARE_PERSISTENT));
    found = statements_.emplace(std::string(sql), std::move(statement)).first;
  }
  assert(sqlite3_stmt_busy(found->second.get()) == 0);
  return found->second.get();
}

void Database::fail(int result) const {
  const int system_error = errno;
  const std::string file = "'" + file_.string() + "'";
  const std::string reason = sqlite3_errmsg(handle_.get());
  const auto error = [](Code code, std::string sentence) {
    return DatabaseError({code, std::move(sentence)});
  };
  const int primary = result & 0xFF;
  if (is_out_of_space(primary, system_error))
    throw error(Code::no_space, "There is no space left for the database " + file +
                                    ": free some on its disk, and it goes on by itself.");
  if (is_read_only(primary, system_error))
    throw error(Code::internal, "The file system of the database " + file +
                                    " has become read-only: look at the kernel's messages about "
                                    "its disk, and make it writable again.");
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      fail_damaged(reason);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      throw error(Code::internal, "The database " + file + " cannot be written (" + reason +
                                      "): let the daemon's user write the file and its directory.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw error(Code::unavailable,
                  "The database " + file + " is locked by another program: end that program.");
    case SQLITE_IOERR:
      throw error(
          Code::internal,
          "The disk failed under the database " + file + " (" + reason +
              (system_error == 0 ? "" : ", " + std::generic_category().message(system_error)) +
              "): look at the kernel's messages about that disk.");
    default:
      throw error(Code::internal, "The database " + file + " failed: " + reason + ".");
  }
}

void Database::fail_damaged(std::string_view what) const {
  throw DamageError(
      {Code::internal, "The database '" + file_.string() + "' is damaged (" + std::string(what) +
                           "): restore it from a backup, or move it away to begin with none."});
}

}  // namespace llmspool::store::sqlite
