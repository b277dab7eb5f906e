// SPDX-License-Identifier: MIT
// Files of a job on this machine's disk; see saved_file.hpp.
#include "saved_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "exit_code.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int cause) {
  throw Failure(ExitCode::usage,
                cause == EEXIST
                    ? "The file '" + path + "' exists: use --force, or --output for another folder."
                    : "The file '" + path +
                          "' cannot be written: " + std::generic_category().message(cause) + '.');
}

// The errno of what failed, or 0.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void check_file_name(const std::string& name) {
  const bool plain = !name.empty() && !name.starts_with('.') && !name.contains('/') &&
                     !name.contains("..") && one_line(name) == name;
  if (!plain)
    throw Failure(ExitCode::server_error, "The daemon names a file '" + name +
                                              "', which is no plain file name. It was not "
                                              "written.");
}

void save_file(const std::filesystem::path& directory, const std::string& name,
               std::string_view content, bool replace) {
  check_file_name(name);
  const auto path = (directory / name).string();
  std::error_code ignored;  // what is wrong with the folder, opening the file tells
  std::filesystem::create_directories(directory, ignored);
  if (replace && ::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, errno);
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(path, errno);
  auto cause = write_all(descriptor, content);
  if (::close(descriptor) != 0 && cause == 0) cause = errno;
  if (cause != 0) {
    ::unlink(path.c_str());
    fail(path, cause);
  }
}

}  // namespace llmspool::cli
