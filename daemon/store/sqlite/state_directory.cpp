// SPDX-License-Identifier: MIT
#include "store/sqlite/state_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace llmspool::store::sqlite {
namespace {

namespace fs = std::filesystem;

std::string remedy(const std::error_code& reason) {
  if (reason == std::errc::no_space_on_device) return "free some space on its disk.";
  if (reason == std::errc::io_error) return "look at the kernel's messages about its disk.";
  if (reason == std::errc::read_only_file_system)
    return "mount its file system writable, or name another one in [state] directory.";
  return "make it a directory that belongs to user " + std::to_string(geteuid()) +
         ", or name another one in [state] directory.";
}

std::unexpected<Error> unusable(const fs::path& path, const std::error_code& reason) {
  const bool full = reason == std::errc::no_space_on_device;
  return fail(full ? Code::no_space : Code::internal, "The state directory '" + path.string() +
                                                          "' cannot be used (" + reason.message() +
                                                          "): " + remedy(reason));
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

// Makes the directory and those above it, each so that a power cut does not undo it.
std::error_code make_directory(const fs::path& path) {
  std::error_code error;
  if (path.empty() || fs::is_directory(path, error)) return {};
  if (const auto above = make_directory(path.parent_path())) return above;
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return last_error();
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int directory = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return {};  // one that we may enter but not read
  fsync(directory);
  close(directory);
  return {};
}

std::string process_in(int lock) {
  char text[32];
  const ssize_t size = pread(lock, text, sizeof text, 0);
  return size > 0 ? " (process " + std::string(text, static_cast<std::size_t>(size)) + ")" : "";
}

// Prompts are nobody else's business. SQLite gives its other files the rights of this one.
std::error_code make_private_file(const fs::path& path, int flags = 0) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
  if (file < 0) return last_error();
  close(file);
  return {};
}

fs::path copy_of(const fs::path& database) {
  return fs::path(database).replace_filename("backup.partial");
}

// With what SQLite keeps beside it.
void remove_copy(const fs::path& copy) {
  std::error_code ignored;
  for (const char* rest : {"", "-journal", "-wal", "-shm"})
    fs::remove(fs::path(copy).concat(rest), ignored);
}

}  // namespace

Result<StateDirectory> StateDirectory::take(const fs::path& path) {
  if (const auto error = make_directory(path)) return unusable(path, error);
  const fs::path lock_file = path / "llmspool.lock";
  const int lock = open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return unusable(path, last_error());
  StateDirectory directory(path / "llmspool.db", lock);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unusable(path, last_error());
    return fail(Code::unavailable, "Another llmspoold" + process_in(lock) +
                                       " uses the state directory '" + path.string() +
                                       "': stop it, or name another one in [state] directory.");
  }
  const std::string process = std::to_string(getpid());
  if (ftruncate(lock, 0) != 0 || pwrite(lock, process.data(), process.size(), 0) < 0)
    return unusable(path, last_error());
  if (const auto error = make_private_file(directory.database_)) return unusable(path, error);
  remove_copy(copy_of(directory.database_));  // of a daemon that died
  return directory;
}

Result<CopyFile> StateDirectory::begin_copy() const {
  auto path = copy_of(database_);
  const auto error = make_private_file(path, O_EXCL);
  if (error == std::errc::file_exists)
    return fail(Code::unavailable, "A backup is being taken already; try again when it is done.");
  if (error) return unusable(path.parent_path(), error);
  return CopyFile(std::move(path));
}

CopyFile::~CopyFile() {
  if (!path_.empty()) remove_copy(path_);
}

Result<std::shared_ptr<std::ifstream>> CopyFile::open() const {
  auto file = std::make_shared<std::ifstream>(path_, std::ios::binary);
  if (!*file) return fail(Code::internal, "The backup '" + path_.string() + "' cannot be read.");
  return file;
}

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) close(lock_);
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : database_(std::move(other.database_)), lock_(std::exchange(other.lock_, -1)) {}

}  // namespace llmspool::store::sqlite
