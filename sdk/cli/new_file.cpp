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

int create(const std::string& path, ::mode_t mode, const std::string& remedy) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0 && errno == EEXIST) refuse_file(path, "exists: " + remedy);
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

}  // namespace

void refuse_file(const std::string& path, const std::string& why) {
  throw Failure(ExitCode::usage, "The file '" + path + "' " + why + '.');
}

void refuse_file(const std::string& path, int cause) {
  refuse_file(path, "cannot be written: " + std::generic_category().message(cause));
}

void write_all(int descriptor, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) refuse_file(path, errno);
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
}

NewFile::NewFile(const std::string& path, ::mode_t mode, const std::string& remedy)
    : path_(path), descriptor_(create(path, mode, remedy)), removal_(path) {}

NewFile::~NewFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!kept_) ::unlink(path_.c_str());
}

void NewFile::write(std::string_view content) {
  write_all(descriptor_, content, path_);
}

void NewFile::keep_as(const std::string& path) {
  if (::fsync(descriptor_) != 0) refuse_file(path_, errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) refuse_file(path_, errno);
  if (::rename(path_.c_str(), path.c_str()) != 0) refuse_file(path, errno);
  kept_ = true;
  sync_directory(path);
}

}  // namespace llmspool::cli
