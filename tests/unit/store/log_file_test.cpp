// SPDX-License-Identifier: MIT
#include "store/sqlite/log_file.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {
namespace {

namespace fs = std::filesystem;

class LogFile : public testing::Test {
 protected:
  LogFile() {
    database_.run_once("PRAGMA journal_mode = WAL");
    database_.run_once("PRAGMA synchronous = FULL");
    database_.run_once("PRAGMA cache_size = 4");  // so that a transaction writes before its end
    database_.run_once("CREATE TABLE texts(text TEXT)");
  }

  ~LogFile() override { fs::remove_all(directory_); }

  void add(int texts) {
    for (int i = 0; i < texts; ++i)
      database_.run("INSERT INTO texts VALUES (?)", std::string(kTextBytes, 'x'));
  }

  // As another program finds it, with SQLite's own file system.
  std::string seen_by_others(const char* sql) const {
    sqlite3* other = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file_.c_str(), &other, SQLITE_OPEN_READONLY, "unix"), SQLITE_OK);
    std::string value;
    const auto take = [](void* into, int, char** columns, char**) {
      *static_cast<std::string*>(into) = columns[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(other, sql, take, &value, nullptr), SQLITE_OK);
    sqlite3_close(other);
    return value;
  }
  std::string texts_seen_by_others() const {
    EXPECT_EQ(seen_by_others("PRAGMA integrity_check"), "ok");
    return seen_by_others("SELECT count(*) FROM texts");
  }

  void change_as_another(const char* sql) const {
    sqlite3* other = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file_.c_str(), &other, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(other, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(other);
  }

  std::uintmax_t log_bytes() const { return fs::file_size(file_.string() + "-wal"); }

  static constexpr std::size_t kTextBytes = 4000;  // about a page

  static fs::path make_directory() {
    std::string path = fs::temp_directory_path() / "llmspool-log-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    return path;
  }

  const fs::path directory_ = make_directory();
  const fs::path file_ = directory_ / "texts.db";
  Database database_{file_};
};

TEST_F(LogFile, IsWrittenWhenATransactionEnds) {
  const auto before = log_bytes();
  database_.run("BEGIN");
  add(10);
  EXPECT_EQ(log_bytes(), before);
  database_.run("COMMIT");
  EXPECT_GT(log_bytes(), before + 10 * kTextBytes);
  EXPECT_EQ(texts_seen_by_others(), "10");
}

TEST_F(LogFile, TakesATransactionOfAnySize) {
  database_.run("BEGIN");
  add(1000);
  database_.run("COMMIT");
  EXPECT_EQ(texts_seen_by_others(), "1000");
}

TEST_F(LogFile, ForgetsWhatIsTakenBack) {
  database_.run("BEGIN");
  add(20);
  database_.run("ROLLBACK");
  add(1);
  EXPECT_EQ(texts_seen_by_others(), "1");
}

TEST_F(LogFile, LeavesAloneWhatAnotherWroteAfterATransactionWasTakenBack) {
  add(1);
  database_.run_once("PRAGMA wal_checkpoint(TRUNCATE)");  // the next begins the log anew
  database_.run("BEGIN");
  add(20);
  database_.run("ROLLBACK");
  change_as_another("INSERT INTO texts VALUES ('theirs')");
  add(1);
  EXPECT_EQ(texts_seen_by_others(), "3");
}

TEST_F(LogFile, GivesATransactionWhatItHasWrittenItself) {
  database_.run("BEGIN");
  add(20);
  Query count = database_.query("SELECT count(*) FROM texts WHERE length(text) = ?", kTextBytes);
  ASSERT_TRUE(count.next());
  EXPECT_EQ(count.number(0), 20);
}

}  // namespace
}  // namespace llmspool::store::sqlite
