// SPDX-License-Identifier: MIT
// What a GET gives, in a file of the person's choice.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "api.hpp"

namespace llmspool::cli {

// "-" and what leads to the same place, as /dev/stdout does.
bool is_standard_output(const std::string& path);

// Makes `path` of the body that GET gives, by way of path.partial; gives its size. A file that
// exists is a Failure unless `replace`; where `path` is a link, the file that it leads to is the
// one that is replaced. A pipe or a character device is written to; anything else is a Failure.
std::uint64_t download_file(const Api& api, std::string_view target, const std::string& path,
                            ::mode_t mode, bool replace);

}  // namespace llmspool::cli
