// SPDX-License-Identifier: MIT
// Files that are made anew, and either become whole or leave nothing behind.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "interrupt.hpp"

namespace llmspool::cli {

// Throws Failure: "The file 'path' why.", and: it cannot be written, because of this errno.
[[noreturn]] void refuse_file(const std::string& path, const std::string& why);
[[noreturn]] void refuse_file(const std::string& path, int cause);

// write(2) of all of it; throws Failure, naming the file.
void write_all(int descriptor, std::string_view content, const std::string& path);

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
  // Keeps it under another name, in the place of what had that name, once it is safe on the disk.
  void keep_as(const std::string& path);

 private:
  const std::string path_;
  int descriptor_;
  bool kept_ = false;
  RemovalOnSignal removal_;
};

}  // namespace llmspool::cli
