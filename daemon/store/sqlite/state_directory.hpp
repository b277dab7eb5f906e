// SPDX-License-Identifier: MIT
// The directory of the database, made if it is not there and kept from a second daemon.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "base/result.hpp"

namespace llmspool::store::sqlite {

// The file of a copy of the database. Its place is free again at the end; who has it open still can
// read it then.
class CopyFile {
 public:
  explicit CopyFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~CopyFile();
  CopyFile(CopyFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  CopyFile& operator=(CopyFile&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  Result<std::shared_ptr<std::ifstream>> open() const;

 private:
  std::filesystem::path path_;
};

class StateDirectory {
 public:
  // Fails with a sentence that names the directory and how to mend it.
  static Result<StateDirectory> take(const std::filesystem::path& path);
  ~StateDirectory();
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;

  const std::filesystem::path& database() const { return database_; }
  // An empty file for a copy, which nobody else may read; Code::unavailable while there is one.
  Result<CopyFile> begin_copy() const;

 private:
  StateDirectory(std::filesystem::path database, int lock)
      : database_(std::move(database)), lock_(lock) {}

  std::filesystem::path database_;
  int lock_;  // a file whose lock ends with the process, however that ends
};

}  // namespace llmspool::store::sqlite
