// SPDX-License-Identifier: MIT
// Files that become whole or leave nothing behind; see new_file.hpp.
#include "new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "exit_code.hpp"

namespace llmspool::cli {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Failure(ExitCode::usage, "The file '" + path + "' " + why + '.');
}

int create(const std::string& path, ::mode_t mode, const std::string& remedy) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0 && errno == EEXIST) refuse(path, "exists: " + remedy);
  if (descriptor < 0) refuse_file(path, errno);
  return descriptor;
}

// Makes a new name in the directory survive a power failure. A file system that cannot do that has
// the file nonetheless.
void sync_directory(const std::string& file) {
  const auto parent = std::filesystem::path(file).parent_path().string();
  const int directory =
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

void check_is_no_directory(const std::string& path) {
  if (std::error_code unknown; std::filesystem::is_directory(path, unknown))
    refuse(path, "is a directory: name a file in it");
}

void check_absent(const std::string& path) {
  if (std::filesystem::exists(std::filesystem::symlink_status(path)))
    refuse(path, "exists: use --force to replace it");
}

}  // namespace

void refuse_file(const std::string& path, int cause) {
  refuse(path, "cannot be written: " + std::generic_category().message(cause));
}

NewFile::NewFile(const std::string& path, ::mode_t mode, const std::string& remedy)
    : path_(path), descriptor_(create(path, mode, remedy)), removal_(path) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!kept_) ::unlink(path_.c_str());
}

void NewFile::write(std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor_, content.data(), content.size());
    if (written < 0 && errno != EINTR) refuse_file(path_, errno);
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void NewFile::keep() {
  if (::close(std::exchange(descriptor_, -1)) != 0) refuse_file(path_, errno);
  kept_ = true;
}

void NewFile::keep_as(const std::string& path) {
  if (::fsync(descriptor_) != 0) refuse_file(path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) refuse_file(path_, errno);
  if (::rename(path_.c_str(), path.c_str()) != 0) refuse_file(path, errno);
  kept_ = true;
  sync_directory(path);
}

std::uint64_t download_file(const Api& api, std::string_view target, const std::string& path,
                            ::mode_t mode, bool replace) {
  check_is_no_directory(path);
  if (!replace) check_absent(path);
  NewFile file(path + ".partial", mode, "delete it if nothing is writing it any more");
  std::uint64_t size = 0;
  api.download(target, [&](std::string_view piece) {
    file.write(piece);
    size += piece.size();
  });
  if (!replace) check_absent(path);  // that came to be meanwhile
  file.keep_as(path);
  return size;
}

}  // namespace llmspool::cli
