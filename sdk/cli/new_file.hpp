// SPDX-License-Identifier: MIT
// Files that are made anew, and either become whole or leave nothing behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "api.hpp"
#include "interrupt.hpp"

namespace llmspool::cli {

// Throws Failure: the file cannot be written, because of this errno.
[[noreturn]] void refuse_file(const std::string& path, int cause);

// A file that goes away again unless it is kept, even where a signal ends the tool. Every call
// throws Failure, naming the file. One at a time.
class NewFile {
 public:
  // Follows no link. What exists already is not touched, and `remedy` says what to do about it.
  NewFile(const std::string& path, ::mode_t mode, const std::string& remedy);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view content);
  void keep();
  // Keeps it under another name, in the place of what had that name, once it is safe on the disk.
  void keep_as(const std::string& path);

 private:
  const std::string path_;
  int descriptor_;
  bool kept_ = false;
  RemovalOnSignal removal_;
};

// Makes `path` of the body that GET gives, by way of path.partial; gives its size. A file that
// exists is a Failure unless `replace`.
std::uint64_t download_file(const Api& api, std::string_view target, const std::string& path,
                            ::mode_t mode, bool replace);

}  // namespace llmspool::cli
