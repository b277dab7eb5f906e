// SPDX-License-Identifier: MIT
// Files of a job on this machine's disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace llmspool::cli {

// Throws Failure unless the name, which comes from the daemon, is one that can only lie in the
// folder it is written to: no '/', no "..", no control character, not hidden, not empty.
void check_file_name(const std::string& name);

// Writes `content` to directory/name, by way of .name.partial, and makes the folder if there is
// none. An existing file is a Failure unless `replace`, and what is no regular file always; a link
// is never followed.
void save_file(const std::filesystem::path& directory, const std::string& name,
               std::string_view content, bool replace);

}  // namespace llmspool::cli
