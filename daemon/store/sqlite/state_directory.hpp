// SPDX-License-Identifier: MIT
// The directory of the database, made if it is not there and kept from a second daemon.
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace llmspool::store::sqlite {

class StateDirectory {
 public:
  // Fails with a sentence that names the directory and how to mend it.
  static Result<StateDirectory> take(const std::filesystem::path& path);
  ~StateDirectory();
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;

  const std::filesystem::path& database() const { return database_; }

 private:
  StateDirectory(std::filesystem::path database, int lock)
      : database_(std::move(database)), lock_(lock) {}

  std::filesystem::path database_;
  int lock_;  // a file whose lock ends with the process, however that ends
};

}  // namespace llmspool::store::sqlite
