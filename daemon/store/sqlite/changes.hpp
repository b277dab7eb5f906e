// SPDX-License-Identifier: MIT
// What each change of the Store does to the database. Everything is checked before the first row is
// written, so that a change that is refused has written nothing and the others of its transaction
// stand. Used by the writer's thread alone, within a transaction; throws DatabaseError.
#pragma once

#include <span>
#include <unordered_map>
#include <utility>

#include "store/sqlite/database.hpp"
#include "store/sqlite/tally.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

class Changes {
 public:
  struct Options {
    std::size_t waiting_max;  // a submit beyond it is refused
    std::int64_t life;        // of this daemon: leases of others are of an earlier run
  };
  using Commands = std::span<const job::Command>;

  Changes(Database& database, const Clock& clock, Options options);

  Result<Submitted> submit(Submission& submission);
  Result<Applied> apply(job::JobId id, std::optional<job::Fence> fence, Commands commands);
  Result<std::optional<Claimed>> claim(const std::string& backend, const std::string& node,
                                       Time lease_until);
  Result<void> renew(const std::string& node, Time lease_until);
  Result<std::vector<Applied>> recover(const std::string& node);
  Result<Store::Woken> wake();
  Result<void> remove(job::JobId id);

  // Around them. begin() reads what the others keep in mind; flush() writes it; forget() after a
  // transaction that was rolled back.
  void begin();
  void flush();
  void forget();
  // Whether a job was removed since the last question.
  bool take_removed() { return std::exchange(removed_, false); }

 private:
  Result<std::optional<job::Job>> replay(const Submission& submission, Time now);
  void insert(const job::Job& job, const job::Request& request);
  std::optional<job::Job> load(job::JobId id);
  // All the commands or none, with what they mean for the job itself; settle() does the rest.
  Result<Applied> step(const job::Job& before, Commands commands);
  Result<void> check_restart(const job::Job& job);
  void settle(Applied& applied);
  void update(const job::Job& before, const job::Job& after, bool only_text);
  void relabel(const job::Job& job, const std::map<std::string, std::string>& labels);

  Database& database_;
  const Clock& clock_;
  const Options options_;

  bool begun_ = false;
  job::JobId next_id_ = 0;
  Tally tally_;
  bool removed_ = false;
  std::unordered_map<job::JobId, job::Job> running_;        // so that a delta reads nothing
  std::unordered_map<job::JobId, std::string> unreadable_;  // jobs whose claim met what damage
};

}  // namespace llmspool::store::sqlite
