// SPDX-License-Identifier: MIT
// What may be started when: the rule of turns, delays, switches.
#include <gtest/gtest.h>

#include <algorithm>

#include "spool/switches.hpp"
#include "witness.hpp"

namespace llmspool::simulation {

using job::Head;
using job::Job;
using job::JobId;

namespace {

bool names(const std::vector<std::string>& models, const std::string& model) {
  return std::ranges::find(models, model) != models.end();
}

}  // namespace

void Witness::switched(const std::string& name, bool on) {
  on ? void(switches_.insert(name)) : void(switches_.erase(name));
}

void Witness::knows_switch(const std::string& name, bool on) {
  on ? void(known_switches_.insert(name)) : void(known_switches_.erase(name));
}

bool Witness::knows_to_reject() const {
  return known_switches_.contains(spool::Switches::name(spool::Switch::rejecting, {}));
}

void Witness::asks_to_claim(const store::Claim& claim) const {
  for (const auto& backend : {std::string(), claim.backend}) {
    EXPECT_FALSE(known_switches_.contains(spool::Switches::name(spool::Switch::paused, backend)))
        << claim.backend << " is paused and asks for jobs";
  }
}

void Witness::turns_are_forgotten() {
  turns_.clear();
  passed_over_.clear();
  for (auto& [id, seen] : jobs_) seen.passed_over.clear();
}

void Witness::clock_was_set() {
  passed_over_.clear();
  for (auto& [id, seen] : jobs_) seen.passed_over.clear();
}

void Witness::daemon_died() {
  turns_are_forgotten();
  known_switches_ = switches_;
}

void Witness::claimed(const store::Claim& claim, const std::vector<store::Claimed>& all) {
  EXPECT_LE(all.size(), claim.limit);
  for (const auto& claimed : all) {
    check_turn(claim, claimed.applied.job);
    EXPECT_EQ(claimed.applied.job.fence, jobs_.at(claimed.applied.job.id).job.fence + 1);
    record(claimed.applied);
  }
  const auto left = heads(claim.backend);
  EXPECT_TRUE(all.size() == claim.limit ||
              turns_[claim.backend].next(left, claim.models, rules_, clock_.now()) == nullptr)
      << claim.backend << " could have been given another job";
}

bool Witness::goes_before(const Head& one, const Head& other) const {
  return std::pair(job::rank(one.queued_at, one.priority, rules_), one.id) <
         std::pair(job::rank(other.queued_at, other.priority, rules_), other.id);
}

// The first job of each line.
std::vector<Head> Witness::heads(const std::string& backend) const {
  std::map<std::pair<std::string, std::string>, Head> firsts;
  for (const auto& [id, seen] : jobs_) {
    const Job& job = seen.job;
    if (!seen.claimable || job.backend != backend) continue;
    const auto [at, is_new] = firsts.try_emplace({job.owner, job.model});
    Head& first = at->second;
    const Head head{job.owner, job.model, id, job.priority, job.queued_at};
    if (is_new || goes_before(head, first)) first = head;
  }
  std::vector<Head> heads;
  for (auto& [line, head] : firsts) heads.push_back(std::move(head));
  return heads;
}

void Witness::check_turn(const store::Claim& claim, const Job& job) {
  const Seen& seen = jobs_.at(job.id);
  EXPECT_TRUE(seen.claimable) << "job " << job.id << " was not to start";
  EXPECT_TRUE(seen.open.empty()) << "job " << job.id << " goes before one that it is to follow";
  EXPECT_EQ(seen.job.backend, claim.backend) << "job " << job.id;
  const auto waiting = heads(claim.backend);
  job::Turns& turns = turns_[claim.backend];
  const Head* next = turns.next(waiting, claim.models, rules_, clock_.now());
  ASSERT_NE(next, nullptr) << "job " << job.id;
  EXPECT_EQ(next->id, job.id) << "it was not the turn of job " << job.id;
  check_patience(claim, waiting, *next);
  turns.take(*next, clock_.now());
  count_pass(claim, waiting, *next);
}

// A loaded model goes first, but not for longer than its affinity.
void Witness::check_patience(const store::Claim& claim, const std::vector<Head>& waiting,
                             const Head& taken) {
  job::Turns as_if_none_were_loaded = turns_[claim.backend];
  const Head* first =
      as_if_none_were_loaded.next(waiting, {.full = claim.models.full}, rules_, clock_.now());
  PassedOver& passed_over = passed_over_[claim.backend];
  if (first->id == taken.id) {
    passed_over = {};
  } else if (first->id != passed_over.id) {
    passed_over = {first->id, clock_.now()};
  } else {
    EXPECT_LT(clock_.now() - passed_over.since, rules_.affinity)
        << "job " << first->id << " is passed over for too long";
  }
}

// However many jobs others have: nobody has two turns while someone's first job, of no lower
// priority, waits; unless for a model that is loaded or full.
void Witness::count_pass(const store::Claim& claim, const std::vector<Head>& waiting,
                         const Head& taken) {
  std::map<std::string, Head> firsts;  // of each owner
  for (const Head& head : waiting) {
    if (names(claim.models.full, head.model)) continue;
    const auto [at, is_new] = firsts.try_emplace(head.owner, head);
    if (!is_new && goes_before(head, at->second)) at->second = head;
  }
  for (const auto& [owner, first] : firsts) {
    auto& passed_over = jobs_.at(first.id).passed_over;
    if (owner == taken.owner) {
      for (auto& [id, seen] : jobs_)
        if (seen.job.owner == owner && seen.job.backend == claim.backend) seen.passed_over.clear();
    } else if (first.priority >= taken.priority && first.queued_at <= clock_.now() &&
               (!names(claim.models.loaded, taken.model) ||
                names(claim.models.loaded, first.model))) {
      EXPECT_LE(++passed_over[taken.owner], 1)
          << "job " << first.id << " of " << owner << " is passed over by " << taken.owner;
    }
  }
}

}  // namespace llmspool::simulation
