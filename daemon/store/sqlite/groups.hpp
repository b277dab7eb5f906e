// SPDX-License-Identifier: MIT
// Groups of jobs, with how many of their jobs are in each state: kept up to date with every change,
// since counting fifty thousand rows for each look would take too long.
#pragma once

#include <unordered_map>

#include "store/sqlite/tally.hpp"

namespace llmspool::store::sqlite {

std::vector<Group> groups_of(Database& database, const std::optional<std::string>& owner,
                             std::size_t limit);
std::optional<Group> find_group(Database& database, const std::string& owner,
                                const std::string& name);
inline std::unexpected<Error> no_such_group(const std::string& name) {
  return fail(Code::not_found, "There is no group '" + name + "'.");
}

// What changes of the groups in a transaction.
class Groups {
 public:
  // The group of the job's owner, made if it is new; nothing for a job without one.
  std::optional<std::int64_t> id_of(Database& database, const job::Job& job);
  void add(Database& database, const job::Job& job);
  void subtract(Database& database, const job::Job& job);
  void write(Database& database);  // a group without jobs goes
  void forget() { open_.clear(); }

 private:
  struct Open {
    std::int64_t id = 0;
    Counts change{};
  };
  Open& open(Database& database, const job::Job& job);

  std::unordered_map<std::string, Open> open_;  // of this transaction, by owner and name
};

}  // namespace llmspool::store::sqlite
