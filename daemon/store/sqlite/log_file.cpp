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
    waiting += bytes;
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

  // Does with the real file what needs all of it.
  template <class... Arguments>
  int flushed(int (*sqlite3_io_methods::*method)(sqlite3_file*, Arguments...),
              Arguments... arguments) {
    const int result = flush();
    return result == SQLITE_OK ? (methods().*method)(real(), arguments...) : result;
  }
};

static_assert(std::is_standard_layout_v<LogFile>);

// Every method of a file but xWrite and xClose: flushes, then hands on.
template <auto method>
struct Flushed;
template <class... Arguments, int (*sqlite3_io_methods::*method)(sqlite3_file*, Arguments...)>
struct Flushed<method> {
  static int call(sqlite3_file* file, Arguments... arguments) {
    return LogFile::of(file).flushed(method, arguments...);
  }
};

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  return LogFile::of(file).write({static_cast<const char*>(data), static_cast<std::size_t>(size)},
                                 offset);
}

int close(sqlite3_file* file) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  const int closed = log.methods().xClose(log.real());
  log.~LogFile();
  return flushed == SQLITE_OK ? closed : flushed;
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 1,
    .xClose = close,
    .xRead = Flushed<&sqlite3_io_methods::xRead>::call,
    .xWrite = write,
    .xTruncate = Flushed<&sqlite3_io_methods::xTruncate>::call,
    .xSync = Flushed<&sqlite3_io_methods::xSync>::call,
    .xFileSize = Flushed<&sqlite3_io_methods::xFileSize>::call,
    .xLock = Flushed<&sqlite3_io_methods::xLock>::call,
    .xUnlock = Flushed<&sqlite3_io_methods::xUnlock>::call,
    .xCheckReservedLock = Flushed<&sqlite3_io_methods::xCheckReservedLock>::call,
    .xFileControl = Flushed<&sqlite3_io_methods::xFileControl>::call,
    .xSectorSize = Flushed<&sqlite3_io_methods::xSectorSize>::call,
    .xDeviceCharacteristics = Flushed<&sqlite3_io_methods::xDeviceCharacteristics>::call,
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

}  // namespace

const char* whole_log_writes() {
  static constexpr const char* kName = "whole-log-writes";
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs ours = usual();
    ours.zName = kName;
    ours.szOsFile += static_cast<int>(sizeof(LogFile));
    ours.xOpen = open;
    return ours;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? kName : nullptr;
}

}  // namespace llmspool::store::sqlite
