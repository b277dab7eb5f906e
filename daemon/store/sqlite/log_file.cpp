// SPDX-License-Identifier: MIT
#include "store/sqlite/log_file.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmspool::store::sqlite {
namespace {

// SQLite's own files write less than 128 KiB at a time, and take 128 KiB and more for a full disk.
constexpr std::size_t kMostWaiting = std::size_t{120} * 1024;

sqlite3_vfs& usual() {
  return *sqlite3_vfs_find(nullptr);
}

// Begins with what SQLite knows of a file; the file of the usual file system follows in memory.
struct LogFile {
  sqlite3_file base{};
  sqlite3_int64 at = 0;  // where in the file what waits is to be
  std::string waiting{};

  static LogFile& of(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods& methods() { return *real()->pMethods; }

  int write(std::string_view bytes, sqlite3_int64 offset) {
    const bool follows = offset == at + static_cast<sqlite3_int64>(waiting.size());
    if (!follows || waiting.size() + bytes.size() > kMostWaiting) {
      if (const int result = flush(); result != SQLITE_OK) return result;
      at = offset;
    }
    try {
      waiting += bytes;
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    return SQLITE_OK;
  }

  // What cannot be written is given up: SQLite takes its transaction back.
  int flush() {
    if (waiting.empty()) return SQLITE_OK;
    const int result =
        methods().xWrite(real(), waiting.data(), static_cast<int>(waiting.size()), at);
    waiting.clear();
    return result;
  }
};

static_assert(std::is_standard_layout_v<LogFile>);

// A method of the real file: at once, or when all that waits is in it.
template <auto method>
struct Real;
template <class... Arguments, int (*sqlite3_io_methods::*method)(sqlite3_file*, Arguments...)>
struct Real<method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    LogFile& log = LogFile::of(file);
    return (log.methods().*method)(log.real(), arguments...);
  }
  static int call_flushed(sqlite3_file* file, Arguments... arguments) {
    const int result = LogFile::of(file).flush();
    return result == SQLITE_OK ? call(file, arguments...) : result;
  }
};

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  return LogFile::of(file).write({static_cast<const char*>(data), static_cast<std::size_t>(size)},
                                 offset);
}

int close(sqlite3_file* file) {
  const int result = Real<&sqlite3_io_methods::xClose>::call(file);
  LogFile::of(file).~LogFile();
  return result;
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 1,
    .xClose = close,
    .xRead = Real<&sqlite3_io_methods::xRead>::call_flushed,
    .xWrite = write,
    .xTruncate = Real<&sqlite3_io_methods::xTruncate>::call_flushed,
    .xSync = Real<&sqlite3_io_methods::xSync>::call_flushed,
    .xFileSize = Real<&sqlite3_io_methods::xFileSize>::call_flushed,
    .xLock = Real<&sqlite3_io_methods::xLock>::call,
    .xUnlock = Real<&sqlite3_io_methods::xUnlock>::call,
    .xCheckReservedLock = Real<&sqlite3_io_methods::xCheckReservedLock>::call,
    .xFileControl = Real<&sqlite3_io_methods::xFileControl>::call,
    .xSectorSize = Real<&sqlite3_io_methods::xSectorSize>::call,
    .xDeviceCharacteristics = Real<&sqlite3_io_methods::xDeviceCharacteristics>::call,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return usual().xOpen(&usual(), name, file, flags, flags_out);
  auto* log = new (file) LogFile;
  const int result = usual().xOpen(&usual(), name, log->real(), flags, flags_out);
  if (log->real()->pMethods != nullptr) log->base.pMethods = &kMethods;  // it is to be closed
  return result;
}

const char* registered() {
  static constexpr const char* kName = "whole-log-writes";
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs ours = usual();
    ours.zName = kName;
    ours.szOsFile += static_cast<int>(sizeof(LogFile));
    ours.xOpen = open;
    return ours;
  }();
  static const int result = sqlite3_vfs_register(&vfs, 0);
  return result == SQLITE_OK ? kName : nullptr;
}

// Bytes of a transaction that was too large for SQLite's cache: written later, they would lie over
// what somebody else has committed since.
void drop_waiting(void* database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(static_cast<sqlite3*>(database), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                       static_cast<void*>(&file));
  if (file != nullptr && file->pMethods == &kMethods) LogFile::of(file).waiting.clear();
}

}  // namespace

int open_database(const char* file, sqlite3** database, int flags) {
  const int result = sqlite3_open_v2(file, database, flags, registered());
  if (*database != nullptr) sqlite3_rollback_hook(*database, drop_waiting, *database);
  return result;
}

}  // namespace llmspool::store::sqlite
