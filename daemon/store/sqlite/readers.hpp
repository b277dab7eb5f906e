// SPDX-License-Identifier: MIT
// A few connections for reading. In WAL mode they see the last commit and wait for no writer.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "store/sqlite/database.hpp"

namespace llmspool::store::sqlite {

class Readers {
 public:
  explicit Readers(std::filesystem::path file) : file_(std::move(file)) {}

  // Any thread. Lends a connection that is free; waits for one if all are in use. Throws
  // DatabaseError.
  void read(const std::function<void(Database&)>& work) {
    const Borrowed borrowed(*this);
    work(*borrowed.database);
  }

 private:
  struct Borrowed {
    explicit Borrowed(Readers& from) : readers(from), database(readers.borrow()) {}
    ~Borrowed() { readers.give_back(std::move(database)); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Readers& readers;
    std::unique_ptr<Database> database;
  };

  std::unique_ptr<Database> borrow();
  void give_back(std::unique_ptr<Database> database);

  const std::filesystem::path file_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Database>> free_;  // a connection is opened when first needed
  std::size_t open_ = 0;
};

}  // namespace llmspool::store::sqlite
