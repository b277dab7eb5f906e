// SPDX-License-Identifier: MIT
// Who uses the spool: three owners who submit, change their minds and follow their jobs, and an
// administrator. Each checks that what it is told holds.
#pragma once

#include <memory>

#include "random.hpp"
#include "spool/local_spool.hpp"
#include "virtual_time.hpp"
#include "witness.hpp"

namespace llmspool::simulation {

// Follows jobs through the hub, from one life of the daemon to the next.
class Followers {
 public:
  explicit Followers(const Witness& witness) : witness_(witness) {}

  void follow(spool::Hub& hub, job::JobId id);
  void look();   // at what is new
  void leave();  // before the hub is gone
  void come_back(spool::Hub& hub);

 private:
  struct Follower {
    std::unique_ptr<spool::Hub::Following> following{};
    job::Seq seq = 0;  // of the last event that was seen
    bool woken = true;
  };
  void look(job::JobId id, Follower& follower);

  const Witness& witness_;
  std::map<job::JobId, Follower> followers_;
};

class Clients {
 public:
  // All outlive it.
  Clients(VirtualTime& time, Random& random, Witness& witness)
      : time_(time),
        random_(random),
        witness_(witness),
        follows_(random.chance(10)),  // it makes the daemon look ahead all the time, which is slow
        followers_(witness) {}

  // Asks for something.
  void act(spool::LocalSpool& spool);
  // Nothing is to be paused or refused any more.
  void let_go(spool::LocalSpool& spool);
  // Does what only a person can: releases held jobs, resumes backends that have asked for one.
  void look_after(spool::LocalSpool& spool);
  Followers& followers() { return followers_; }

 private:
  spool::Caller some_caller();
  spool::Submission some_submission(const std::string& owner);
  std::vector<job::JobId> jobs_of(const std::string& owner) const;
  job::Command some_command();
  job::Change some_change();

  void submit(spool::LocalSpool& spool);
  void submit_several(spool::LocalSpool& spool);
  void accepted(spool::LocalSpool& spool, const store::Submitted& submitted);
  void command(spool::LocalSpool& spool, job::JobId id, const job::Command& command);
  void run_again(spool::LocalSpool& spool, job::JobId id);
  void remove(spool::LocalSpool& spool, job::JobId id);
  void cancel_group(spool::LocalSpool& spool);
  void set_switch(spool::LocalSpool& spool, spool::Switch what, const std::string& backend,
                  bool on);

  VirtualTime& time_;
  Random& random_;
  Witness& witness_;
  const bool follows_;
  Followers followers_;
  std::vector<job::JobId> jobs_;  // that they have been told of
};

}  // namespace llmspool::simulation
