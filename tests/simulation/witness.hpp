// SPDX-License-Identifier: MIT
// Sees every change at the moment it is committed, before the daemon does, and checks that it may
// be: a few lines that say again what a job's life may look like, beside the daemon's many.
#pragma once

#include <map>
#include <set>

#include "calls.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::simulation {

class Witness {
 public:
  struct Seen {
    job::Job job{};
    std::vector<job::Event> events{};
    std::set<job::JobId> open{};  // what it still waits for
    bool claimable = false;
    bool removed = false;
    int restarts = 0;
    std::set<std::string> finished{};           // steps, since the last restart
    int progress = 0;                           // of this attempt
    std::map<std::string, std::string> said{};  // by this claim, a step's text
    std::map<std::string, int> passed_over{};   // by another owner since its own had a turn
  };

  // All outlive it.
  Witness(const Clock& clock, const Calls& calls, store::sqlite::Database& database,
          job::TurnRules rules, bool removes_contents)
      : clock_(clock),
        calls_(calls),
        database_(database),
        rules_(rules),
        removes_contents_(removes_contents) {}

  // What the store commits, in its order.
  void submitted(const store::Submission& submission, const store::Submitted& submitted);
  void applied(const store::Applied& applied, std::optional<job::Fence> fence,
               const std::vector<job::Command>& commands);
  void changed(const std::vector<store::Applied>& all);
  void claimed(const store::Claim& claim, const std::vector<store::Claimed>& all);
  void woken(const store::Store::Woken& woken);
  void removed(job::JobId id);
  void switched(const std::string& name, bool on);
  void committed();  // all of a transaction has been seen

  // What happens to the daemon and what it does.
  void asks_to_claim(const store::Claim& claim) const;
  void turns_are_forgotten();
  void clock_was_set();
  void daemon_died();
  void knows_switch(const std::string& name, bool on);  // the daemon has said that it does
  bool knows_to_reject() const;                         // whatever is submitted

  const Seen* find(job::JobId id) const;
  const std::map<job::JobId, Seen>& jobs() const { return jobs_; }
  // No job is to be active so long after its deadline.
  void check_deadlines(Milliseconds patience) const;
  // Whether the store has just what was committed.
  void compare_with(store::Store& store) const;

 private:
  void record(const store::Applied& applied, bool restarts = false);
  void record_one(const store::Applied& applied, bool restarts);
  void check_event(Seen& seen, const job::Job& after, const job::Event& event) const;
  void check_said(job::JobId id, const std::string& step, const std::string& text) const;
  void check_finished(Seen& seen, const job::Command& command) const;
  void settle(const store::Applied& applied);
  void settle(const job::Job& ended);
  bool has_been_told(job::JobId id, job::JobId end) const;
  bool tell_of_ends();
  void schedule(Seen& seen) const;
  void check_superseded(const job::Job& newer) const;

  bool goes_before(const job::Head& one, const job::Head& other) const;
  std::vector<job::Head> heads(const std::string& backend) const;
  void check_turn(const store::Claim& claim, const job::Job& job);
  void check_patience(const store::Claim& claim, const std::vector<job::Head>& waiting,
                      const job::Head& taken);
  void count_pass(const store::Claim& claim, const std::vector<job::Head>& waiting,
                  const job::Head& taken);

  const Clock& clock_;
  const Calls& calls_;
  store::sqlite::Database& database_;  // knows who has been told of an end, which no answer says
  const job::TurnRules rules_;
  const bool removes_contents_;  // of jobs that ended long ago
  std::map<job::JobId, Seen> jobs_;
  std::set<job::JobId> untold_;  // have ended, and some that were to follow them do not know it yet
  // Jobs that know of an end which they cannot follow: they have ended too by the end of the
  // transaction, of which the database shows all from the beginning.
  struct ToldInVain {
    job::JobId end = 0;
    int restarts = 0;
  };
  std::map<job::JobId, ToldInVain> told_in_vain_;
  std::map<std::string, job::Turns> turns_;
  struct PassedOver {
    job::JobId id = 0;
    Time since{};
  };
  std::map<std::string, PassedOver> passed_over_;  // for a loaded model, by backend
  struct Use {
    job::JobId id = 0;
    Time at{};
  };
  std::map<std::pair<std::string, std::string>, Use> keys_;  // by owner and idempotency key
  std::set<std::string> switches_, known_switches_;
};

}  // namespace llmspool::simulation
