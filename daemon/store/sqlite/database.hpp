// SPDX-License-Identifier: MIT
// One connection to an SQLite file: prepared statements are kept, and a failure says which file and
// what to do about it. Used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace llmspool::store::sqlite {

// The disk or the file failed. An exception, against the custom of the house: it ends the whole
// transaction, not just the command that met it, and each caller between would only pass it on. It
// is caught where transactions begin (writer.cpp, readers.hpp, store.cpp) and leaves them as an
// Error.
class DatabaseError : public std::exception {
 public:
  explicit DatabaseError(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

// What is in the file cannot be read, and reading it again does not help.
class DamageError final : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

class Database;

// Binds as a BLOB, whose length() SQLite knows without reading it.
struct Bytes {
  std::string_view bytes;
};

// A statement with its values, being carried out. Throws DatabaseError.
class Query {
 public:
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  // The next `?` of the statement. Text must live until the query ends.
  void bind(std::int64_t value);
  void bind(std::string_view text);
  void bind(Bytes blob);
  void bind(std::nullptr_t);
  void bind(std::integral auto value) { bind(static_cast<std::int64_t>(value)); }
  void bind(Time time) { bind(std::int64_t{time.time_since_epoch().count()}); }
  template <class T>
  void bind(const std::optional<T>& value) {
    value ? bind(*value) : bind(nullptr);
  }

  bool next();  // goes to the first or next row; false at the end
  // A column of the current row, from 0.
  std::int64_t number(int column) const;
  std::string_view text(int column) const;  // valid until next()
  bool is_null(int column) const;
  Time time(int column) const { return Time(Milliseconds(number(column))); }

 private:
  friend class Database;
  Query(Database& database, sqlite3_stmt* statement, bool kept);
  void check(int result) const;

  Database* database_;
  sqlite3_stmt* statement_;
  bool kept_;  // by the database, for the next time
  int bound_ = 0;
};

class Database {
 public:
  // Opens or creates the file, which SQLite then guards with its own locks. Throws DatabaseError.
  explicit Database(std::filesystem::path file);

  // Begins a statement with its values. The statement is prepared once and kept, so `sql` must not
  // contain values; a statement is not begun again while it runs.
  template <class... Values>
  Query query(std::string_view sql, const Values&... values) {
    Query query(*this, kept(sql), true);
    (query.bind(values), ...);
    return query;
  }
  // Carries out a statement to its end.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    Query running = query(sql, values...);
    while (running.next()) {
    }
  }
  // The same for a statement that will not come again soon.
  Query query_once(const std::string& sql) { return {*this, prepare(sql, 0), false}; }
  void run_once(const std::string& sql);

  // What it carries out fails soon after `stop`, which outlives it, has been asked for.
  void obey(const std::stop_token& stop);

  const std::filesystem::path& file() const { return file_; }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  // What a result of SQLite means for a person.
  [[noreturn]] void fail(int result) const;
  [[noreturn]] void fail_damaged(std::string_view what) const;

 private:
  sqlite3_stmt* prepare(std::string_view sql, unsigned flags);
  sqlite3_stmt* kept(std::string_view sql);

  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, std::unique_ptr<sqlite3_stmt, Close>, Hash, std::equal_to<>>
      statements_;
};

}  // namespace llmspool::store::sqlite
