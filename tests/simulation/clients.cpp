// SPDX-License-Identifier: MIT
#include "clients.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "simulated_backend.hpp"
#include "simulated_optimizer.hpp"

namespace llmspool::simulation {

using job::Job;
using job::JobId;
using job::Status;
using spool::LocalSpool;
using spool::Switch;
using std::chrono::seconds;

namespace {

const std::vector<std::string> kOwners{"alice", "bob", "carol"};
const std::vector<std::string> kGroups{"", "", "one", "two"};
const std::vector<std::string> kModels{"", "", "a", "b", "c"};
const std::vector<std::string> kSwitched{"", "quick", "slow"};
const std::vector<std::vector<std::string>> kBackends{
    {}, {"quick"}, {"quick", "slow"}, {"slow"}, {"slow", "quick"}};
const std::vector<int> kPriorities{10, 50, 50, 50, 52};
const spool::Caller kAdmin{"root", true};

}  // namespace

spool::Caller Clients::some_caller() {
  return {random_.one_of(kOwners), false};
}

std::vector<JobId> Clients::jobs_of(const std::string& owner) const {
  std::vector<JobId> jobs;
  std::ranges::copy_if(jobs_, std::back_inserter(jobs),
                       [&](JobId id) { return witness_.find(id)->job.owner == owner; });
  return jobs;
}

spool::Submission Clients::some_submission(const std::string& owner) {
  spool::Submission submission;
  Job& job = submission.job;
  job.backends = random_.one_of(kBackends);
  job.model = random_.one_of(kModels);
  job.priority = random_.one_of(kPriorities);
  job.group = random_.one_of(kGroups);
  job.max_attempts = 1 + random_.pick(4);
  if (random_.chance(20)) {
    job.pipeline = "chain";
    submission.request.inputs = {{"text", "Hello"},
                                 {"check", random_.chance(70) ? "true" : "false"}};
  } else {
    submission.request.messages = {{"user", "Hello"}};
  }
  for (int i = random_.chance(15) ? 1 + random_.pick(2) : 0; i > 0; --i)
    submission.request.optimizers.push_back({.name = "opt"});
  submission.hold = random_.chance(8);
  if (random_.chance(15)) submission.delay_seconds = random_.pick(60);
  if (random_.chance(10)) job.deadline = time_.now() + random_.up_to(seconds(120));
  if (random_.chance(10)) job.timeout_seconds = 1 + random_.pick(30);
  if (random_.chance(10)) job.first_token_timeout_seconds = 1 + random_.pick(kTimeoutMax.count());
  if (random_.chance(10)) job.token_timeout_seconds = 1 + random_.pick(kTimeoutMax.count());
  if (random_.chance(10)) job.step_timeout_seconds = 1 + random_.pick(30);
  if (random_.chance(15)) job.supersede = random_.chance(50) ? "this" : "that";
  if (random_.chance(15)) {
    submission.idempotency_key = random_.chance(50) ? "key" : "other key";
    submission.fingerprint = random_.chance(90) ? "request" : "another request";
  }
  if (const auto own = jobs_of(owner); !own.empty() && random_.chance(25))
    for (int i = 1 + random_.pick(2); i > 0; --i) job.after.push_back(random_.one_of(own));
  return submission;
}

job::Change Clients::some_change() {
  job::Change change;
  if (random_.chance(50)) change.priority = random_.one_of(kPriorities);
  if (random_.chance(30))
    change.not_before =
        random_.chance(30) ? std::nullopt : std::optional(time_.now() + random_.up_to(seconds(60)));
  if (random_.chance(30)) change.backends = std::vector<std::string>{"slow"};
  if (random_.chance(20)) change.model = random_.one_of(kModels);
  return change;
}

job::Command Clients::some_command() {
  switch (random_.pick(7)) {
    case 0:
    case 1:
      return job::Cancel{};
    case 2:
      return job::Hold{};
    case 3:
      return job::Release{};
    case 4:
      return job::Restart{};
    default:
      return some_change();
  }
}

void Clients::act(LocalSpool& spool) {
  const int what = random_.pick(100);
  if (jobs_.empty() || what < 50) return submit(spool);
  if (what < 54) return submit_several(spool);
  if (what < 78) return command(spool, random_.one_of(jobs_), some_command());
  if (what < 84) return run_again(spool, random_.one_of(jobs_));
  if (what < 89) return remove(spool, random_.one_of(jobs_));
  if (what < 92) return cancel_group(spool);
  if (what < 94) return spool.resume();
  set_switch(spool, random_.chance(80) ? Switch::paused : Switch::rejecting,
             random_.one_of(kSwitched), random_.chance(40));
}

void Clients::accepted(LocalSpool& spool, const store::Submitted& submitted) {
  const JobId id = submitted.applied.job.id;
  const auto* seen = witness_.find(id);
  ASSERT_NE(seen, nullptr) << "job " << id << " was acknowledged and is not stored";
  if (submitted.replayed) return;
  jobs_.push_back(id);
  if (follows_ && random_.chance(50)) followers_.follow(spool.hub(), id);
}

void Clients::submit(LocalSpool& spool) {
  const auto caller = some_caller();
  auto submission = some_submission(caller.owner);
  // One with a key is looked up first, and the switch may be another when it is not found.
  const bool is_refused = submission.idempotency_key.empty() && witness_.knows_to_reject();
  spool.submit(caller, std::move(submission), [this, &spool, is_refused](const auto& submitted) {
    EXPECT_FALSE(is_refused && submitted) << "was to be refused";
    if (submitted) accepted(spool, *submitted);
  });
}

void Clients::submit_several(LocalSpool& spool) {
  const auto caller = some_caller();
  std::vector<spool::Submission> several;
  for (int i = 2 + random_.pick(4); i > 0; --i) several.push_back(some_submission(caller.owner));
  const auto count = several.size();
  spool.submit_all(caller, std::move(several), [this, &spool, count](const auto& all) {
    if (!all) return;
    EXPECT_EQ(all->size(), count);
    for (const auto& submitted : *all)
      if (submitted) accepted(spool, *submitted);
  });
}

void Clients::command(LocalSpool& spool, JobId id, const job::Command& command) {
  const bool cancels = std::holds_alternative<job::Cancel>(command);
  spool.command(kAdmin, id, command, [this, id, cancels](const Result<Job>& job) {
    if (!job) return;
    EXPECT_GE(witness_.find(id)->job.seq, job->seq) << "job " << id;
    if (cancels) {
      EXPECT_EQ(job->status, Status::cancelled) << "job " << id;
    }
  });
}

// All at once, so that the run that is cancelled and the next one meet.
void Clients::run_again(LocalSpool& spool, JobId id) {
  command(spool, id, job::Cancel{});
  command(spool, id, job::Restart{});
}

void Clients::remove(LocalSpool& spool, JobId id) {
  spool.remove(kAdmin, id, [this, id](const Result<void>& removed) {
    EXPECT_TRUE(!removed || witness_.find(id)->removed) << "job " << id;
    EXPECT_TRUE(removed || removed.error().code != Code::conflict) << removed.error().message;
  });
}

void Clients::cancel_group(LocalSpool& spool) {
  const auto caller = some_caller();
  const std::string group = random_.chance(50) ? "one" : "two";
  std::map<JobId, int> members;  // with how often each has been run again
  for (const auto& [id, seen] : witness_.jobs())
    if (seen.job.owner == caller.owner && seen.job.group == group) members[id] = seen.restarts;
  spool.cancel_group(caller, caller.owner, group,
                     [this, members = std::move(members)](const Result<void>& cancelled) {
                       if (!cancelled) return;
                       for (const auto& [id, restarts] : members) {
                         const auto& seen = *witness_.find(id);
                         EXPECT_TRUE(job::ended(seen.job.status) || seen.restarts > restarts)
                             << "job " << id << " is active though its group was cancelled";
                       }
                     });
}

void Clients::set_switch(LocalSpool& spool, Switch what, const std::string& backend, bool on) {
  spool.set_switch(kAdmin, what, backend, on,
                   [this, name = spool::Switches::name(what, backend), on](const auto& done) {
                     if (done) witness_.knows_switch(name, on);
                   });
}

void Clients::let_go(LocalSpool& spool) {
  for (const auto& backend : kSwitched)
    for (const auto what : {Switch::paused, Switch::rejecting})
      set_switch(spool, what, backend, false);
}

void Clients::look_after(LocalSpool& spool) {
  bool needs_a_person = false;
  for (const auto& backend : spool.backends()) {
    needs_a_person = needs_a_person || !backend.stopped_reason.empty();
    EXPECT_FALSE(backend.stopped_reason.contains(kOptimizersTrouble)) << backend.id;
  }
  if (needs_a_person) spool.resume();
  for (const auto& [id, seen] : witness_.jobs())
    if (seen.job.status == Status::held) command(spool, id, job::Release{});
}

namespace {

void check_told(const job::Job& job, const spool::Published& told, job::Event stored) {
  const auto whole = serialize(job::to_json(stored));
  // What was said may have been removed from a job that ended long ago.
  if (stored.type == "delta" && job::ended(job.status)) stored.data["text"] = "";
  EXPECT_THAT(told.json, testing::AnyOf(whole, serialize(job::to_json(stored))));
}

}  // namespace

void Followers::follow(spool::Hub& hub, JobId id) {
  Follower& follower = followers_[id];
  follower.woken = true;
  follower.following =
      std::make_unique<spool::Hub::Following>(hub, id, [&woken = follower.woken] { woken = true; });
}

void Followers::look() {
  for (auto& [id, follower] : followers_)
    if (follower.following && std::exchange(follower.woken, false)) look(id, follower);
}

void Followers::look(JobId id, Follower& follower) {
  const auto& seen = *witness_.find(id);
  const auto snapshot = follower.following->snapshot();
  const auto events = follower.following->events(follower.seq);
  if (!events || !snapshot) {
    EXPECT_TRUE(seen.removed) << "job " << id;
    return;
  }
  for (const auto& event : *events) {
    EXPECT_EQ(event->seq, ++follower.seq) << "job " << id;
    ASSERT_LE(event->seq, std::ssize(seen.events)) << "job " << id << ": told before it is stored";
    check_told(seen.job, *event, seen.events[static_cast<std::size_t>(event->seq - 1)]);
  }
  EXPECT_GE(follower.seq, (*snapshot)->seq()) << "job " << id;
}

void Followers::leave() {
  for (auto& [id, follower] : followers_) follower.following.reset();
}

void Followers::come_back(spool::Hub& hub) {
  for (auto& [id, follower] : followers_) follow(hub, id);
}

}  // namespace llmspool::simulation
