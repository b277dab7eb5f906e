// SPDX-License-Identifier: MIT
// What each change of the Store does to the database. Everything is checked before the first row is
// written, so that a change that is refused has written nothing and the others of its transaction
// stand. Used by the writer's thread alone, within a transaction; throws DatabaseError.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/sqlite/database.hpp"
#include "store/sqlite/groups.hpp"
#include "store/sqlite/lines.hpp"
#include "store/sqlite/several.hpp"
#include "store/sqlite/space.hpp"
#include "store/sqlite/tally.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// A submission with its request as it will be stored, which is made on the submitter's thread: the
// one that writes has enough to do.
struct SubmissionRow {
  explicit SubmissionRow(Submission submission);

  job::Job job;  // without id
  std::string request;
  bool hold;
  std::string idempotency_key, fingerprint;
};

class Changes {
 public:
  struct Options {
    std::size_t waiting_max;        // a submit beyond it is refused
    std::size_t owner_waiting_max;  // the same for the jobs of one owner
    SpaceLimits space{};
    job::TurnRules turns{};
    std::size_t told_at_once = kBatch;  // followers of ended jobs, in one transaction
  };
  using Commands = std::span<const job::Command>;

  Changes(Database& database, const Clock& clock, Options options);

  // A change may be made again after a transaction that came to nothing: it takes nothing away
  // from its arguments.
  Result<Submitted> submit(const SubmissionRow& submission);
  Result<Applied> apply(job::JobId id, std::optional<job::Fence> fence, Commands commands);
  Result<Batch> cancel_group(const std::string& owner, const std::string& group, job::JobId before);

  Result<std::vector<Claimed>> claim(const Claim& claim);
  Result<Batch> divert(const std::string& backend, const std::vector<std::string>& others,
                       job::JobId after);
  Result<void> renew(const std::string& node, Time lease_until);
  Result<Store::Recovered> recover(const std::string& node);
  Result<Store::Woken> wake();

  Result<void> remove(job::JobId id);
  Result<Store::Retained> retain(const Retention& retention);
  Result<void> set_switch(const std::string& name, bool on);

  // Around them. begin() reads what the others keep in mind; flush() writes it; forget() after a
  // transaction that was rolled back.
  void begin();
  void flush();
  void forget();
  // Whether damage was met since the last question that the next try passes over.
  bool take_learned() { return std::exchange(learned_, false); }
  // Whether something was removed since the last question.
  bool take_removed() { return std::exchange(removed_, false); }

 private:
  // The present life of each node: what it has claimed, and until when it is its own.
  struct Run {
    std::int64_t id = 0;
    Time ends{};
  };

  Result<std::optional<job::Job>> replay(const SubmissionRow& submission, Time now);
  // For one more job of the owner that waits, with so many bytes of its own, when so many leave.
  Result<void> check_room(const std::string& owner, std::size_t bytes, int leaving = 0);
  void insert(job::Job& job, const std::string& request);
  // The active job with the same key; one that cannot be read is none.
  std::shared_ptr<const job::Job> superseded_by(const job::Job& newer);
  std::vector<Applied> supersede(const job::Job& older, job::JobId by);
  void keep_superseding(const job::Job& job);

  std::shared_ptr<const job::Job> load(job::JobId id);  // null: there is none
  // The same for one that is met on the way, and is not to keep others waiting. null: it cannot be
  // read either, and will not be met again.
  std::shared_ptr<const job::Job> load_or_set_aside(job::JobId id);
  // A command to such a job; nothing if it is refused or the job cannot be read.
  std::optional<Applied> apply_on_the_way(job::JobId id, job::Command command);
  // All the commands or none, with what they mean for others.
  Result<Applied> carry_out(const job::Job& before, Commands commands);
  // All the commands or none, with what they mean for the job itself; settle() does the rest.
  // `run`: whose the job is from now on.
  Result<Applied> step(const job::Job& before, Commands commands,
                       std::optional<std::int64_t> run = {});
  Result<void> check_restart(const job::Job& job);
  void settle(Applied& applied);
  void tell_followers(std::deque<job::Abandon> ends, std::vector<Applied>& changed);
  void update(const job::Job& before, job::Job& after, bool only_text,
              std::optional<std::int64_t> run);
  void count(const job::Job& before, const job::Job& after);
  void reschedule(const job::Job& job);
  void became_ready(const std::string& backend, job::JobId id);
  void relabel(const job::Job& job, const std::map<std::string, std::string>& labels);

  void read_work(const job::Job& before, Claimed& claimed);
  void extend(Run& run, Time lease_until);
  std::int64_t run_of(const std::string& node, Time lease_until);
  void erase(const job::Job& job);
  std::vector<job::JobId> removable(const Retention& retention) const;
  bool remove_contents(Time ended_before);
  std::int64_t waiting_of(const std::string& owner);
  void count_waiting(const std::string& owner, std::int64_t change);

  Database& database_;
  const Clock& clock_;
  const Options options_;

  bool begun_ = false;
  job::JobId next_id_ = 0, written_next_id_ = 0;
  Tally tally_;
  Groups groups_;
  Lines lines_;
  Space space_;
  bool removed_ = false;
  std::size_t may_tell_ = 0;  // followers that may still be told of an end in this transaction
  bool untold_ = true;        // there may be ends that some followers have not been told of
  std::unordered_map<job::JobId, std::shared_ptr<const job::Job>>
      running_;                                             // so that a delta reads nothing
  std::unordered_map<job::JobId, std::string> unreadable_;  // jobs whose claim met what damage
  std::unordered_set<job::JobId> damaged_;                  // jobs whose own rows cannot be read
  bool learned_ = false;                                    // one more of either
  std::unordered_map<std::string, std::int64_t> owners_waiting_;  // where that is bounded

  std::map<std::string, Run> runs_;  // by node
  // As wake() will tell, and as it was before this transaction.
  std::map<std::string, job::JobId> ready_, ready_before_;
};

}  // namespace llmspool::store::sqlite
