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
std::error_code make_private_file(const fs::path& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return last_error();
  close(file);
  return {};
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
  return directory;
}

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) close(lock_);
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : database_(std::move(other.database_)), lock_(std::exchange(other.lock_, -1)) {}

}  // namespace llmspool::store::sqlite
