// SPDX-License-Identifier: MIT
// Files of a job on this machine's disk; see saved_file.hpp.
#include "saved_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "exit_code.hpp"
#include "new_file.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// A folder, a device, a pipe, or a link to one.
bool is_special(const std::string& path) {
  std::error_code unknown;
  const auto status = std::filesystem::status(path, unknown);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
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
  if (is_special(path))
    refuse_file(path, "is no regular file and is not replaced: use --output for another folder");
  if (replace && ::unlink(path.c_str()) != 0 && errno != ENOENT) refuse_file(path, errno);
  NewFile file(path, 0666, "use --force, or --output for another folder");
  file.write(content);
  file.keep();
}

}  // namespace llmspool::cli
