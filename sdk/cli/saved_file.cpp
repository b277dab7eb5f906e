// SPDX-License-Identifier: MIT
// Files of a job on this machine's disk; see saved_file.hpp.
#include "saved_file.hpp"

#include <system_error>

#include "exit_code.hpp"
#include "new_file.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// Refuses a folder, a device, a pipe, or a link to one, and what shall not be replaced.
void check_place(const std::string& path, bool replace) {
  std::error_code unknown;  // what may not be looked at, opening it tells what is wrong
  const auto status = std::filesystem::status(path, unknown);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    refuse_file(path, "is no regular file and is not replaced: use --output for another folder");
  if (!replace && std::filesystem::exists(std::filesystem::symlink_status(path, unknown)))
    refuse_file(path, "exists: use --force, or --output for another folder");
}

}  // namespace

void check_file_name(const std::string& name) {
  const bool plain =
      !name.empty() && !name.starts_with('.') && !name.contains('/') && one_line(name) == name;
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
  check_place(path, replace);
  // Hidden, so that no file of a job's has that name itself.
  NewFile file((directory / ("." + name + ".partial")).string(), 0666,
               "delete it if nothing is writing it any more");
  file.write(content);
  check_place(path, replace);  // what is there may have changed meanwhile
  file.keep_as(path);
}

}  // namespace llmspool::cli
