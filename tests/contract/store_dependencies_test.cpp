// SPDX-License-Identifier: MIT
// The Store's promises on jobs that follow others.
#include "harness.hpp"

namespace llmspool::store {
namespace {

using job::JobId;
using job::Status;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StoreDependencies : public StoreContract {
 protected:
  void SetUp() override { open({.waiting_max = 10'000, .owner_waiting_max = 10'000}); }

  void submit_followers_of(JobId first, std::size_t count) {
    Submission follower = prompt();
    follower.job.after = {first};
    std::vector<Submission> all(count, follower);
    const auto submitted = await<std::vector<Result<Submitted>>>(
        [&](auto done) { store_->submit_all(all, std::move(done)); });
    ASSERT_THAT(submitted.value(), Each(testing::Property(&Result<Submitted>::has_value, true)));
  }
  bool is_overdue(const Store::Woken& woken) { return woken.next && *woken.next <= clock_.now(); }
  // Until nothing is overdue; gives how many jobs have ended by that.
  std::size_t wake_all() {
    std::size_t ended = 0;
    Store::Woken woken;
    do {
      woken = wake();
      ended += woken.ended.size();
    } while (is_overdue(woken));
    return ended;
  }
  std::size_t claim_all() {
    return claim_some({.backend = "echo",
                       .node = "a",
                       .lease_until = clock_.now() + 1min,
                       .limit = 10'000})
        .size();
  }
};

TEST_P(StoreDependencies, ClaimsAJobAfterAllThatItFollows) {
  submit();
  submit();
  const JobId last = submit_after({1, 2, 1}).id;
  EXPECT_THAT(get(last).after, ElementsAre(1, 2));
  claim();
  claim();
  apply(1, job::Complete{});
  EXPECT_FALSE(can_claim());
  reopen();
  apply(2, job::Complete{});
  EXPECT_EQ(claim_job().id, last);
}

TEST_P(StoreDependencies, DoesNotWaitForAJobThatHasCompleted) {
  submit();
  claim();
  apply(1, job::Complete{});
  submit_after({1});
  EXPECT_EQ(claim_job().id, 2);
}

TEST_P(StoreDependencies, ClaimsAHeldAndDelayedFollowerOnlyWhenAllIsMet) {
  submit();
  Submission submission = prompt();
  submission.job.after = {1};
  submission.job.not_before = clock_.now() + 5s;
  submission.hold = true;
  submit(submission);
  claim();
  apply(1, job::Complete{});
  EXPECT_FALSE(can_claim());
  EXPECT_EQ(wake().next, std::nullopt);
  apply(2, job::Release{});
  EXPECT_FALSE(can_claim());
  EXPECT_EQ(wake().next, clock_.now() + 5s);
  clock_.advance(5s);
  wake();
  EXPECT_EQ(claim_job().id, 2);
}

TEST_P(StoreDependencies, DoesNotWakeADelayedJobBeforeThoseThatItFollows) {
  submit();
  Submission submission = prompt();
  submission.job.after = {1};
  submission.job.not_before = clock_.now() + 5s;
  submit(submission);
  claim();
  clock_.advance(5s);
  EXPECT_EQ(wake().next, std::nullopt);
  EXPECT_FALSE(can_claim());
  apply(1, job::Complete{});
  EXPECT_EQ(claim_job().id, 2);
}

TEST_P(StoreDependencies, FailsAllThatFollowAJobWhichFails) {
  submit();
  submit_after({1});
  submit_after({2});
  apply(2, job::Hold{});
  submit_after({3, 1});
  const JobId unrelated = submit().id;
  claim();
  const Applied failed = apply(1, job::Fail{{"backend_failed", "Down."}});
  ASSERT_THAT(failed.others, SizeIs(3));
  for (const Applied& other : failed.others) {
    EXPECT_EQ(other.job.status, Status::failed);
    EXPECT_EQ(other.job.failure->code, "dependency_failed");
    EXPECT_THAT(other.events, SizeIs(1));
    EXPECT_EQ(to_json(get(other.job.id)), to_json(other.job));
  }
  EXPECT_EQ(get(2).failure->detail, "Job 1, which it was to follow, failed.");
  EXPECT_EQ(get(3).failure->detail, "Job 2, which it was to follow, failed.");
  EXPECT_THAT(log(4), ElementsAre("created", "failed"));
  EXPECT_EQ(claim_job().id, unrelated);
  EXPECT_EQ(store_->counts().value().failed, 4);
}

TEST_P(StoreDependencies, FailsAtOnceAfterAJobThatWasCancelled) {
  submit();
  apply(1, job::Cancel{});
  Submission submission = prompt();
  submission.job.after = {1};
  const Submitted submitted = try_submit(submission).value();
  EXPECT_EQ(submitted.applied.job.status, Status::failed);
  EXPECT_EQ(submitted.applied.job.failure->detail, "Job 1, which it was to follow, was cancelled.");
  EXPECT_THAT(submitted.applied.events, SizeIs(2));
  EXPECT_THAT(log(2), ElementsAre("created", "failed"));
}

TEST_P(StoreDependencies, FollowsOnlyJobsOfTheSameOwner) {
  submit(prompt("alice"));
  for (const JobId after : {1, 7}) {
    Submission submission = prompt("bob");
    submission.job.after = {after};
    const auto refused = try_submit(submission);
    EXPECT_EQ(refused.error().code, Code::invalid);
    ASSERT_THAT(refused.error().fields, SizeIs(1));
    EXPECT_EQ(refused.error().fields[0].field, "after");
    EXPECT_THAT(refused.error().fields[0].detail, HasSubstr(std::to_string(after)));
  }
}

TEST_P(StoreDependencies, NoLongerWaitsOnceItIsCancelled) {
  submit();
  submit_after({1});
  apply(2, job::Cancel{});
  claim();
  EXPECT_THAT(apply(1, job::Fail{{"backend_failed", "Down."}}).others, IsEmpty());
  EXPECT_THAT(log(2), ElementsAre("created", "cancelled"));
}

TEST_P(StoreDependencies, RestartsAJobOnlyAfterThoseThatItFollows) {
  submit();
  submit_after({1});
  apply(1, job::Cancel{});
  const auto refused = try_apply(2, job::Restart{});
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("follow job 1"));
  apply(1, job::Restart{});
  apply(2, job::Restart{});
  EXPECT_EQ(claim_job().id, 1);
  EXPECT_FALSE(can_claim());
  apply(1, job::Complete{});
  EXPECT_EQ(claim_job().id, 2);
}

TEST_P(StoreDependencies, RestartsAJobWhosePredecessorWasRemoved) {
  submit();
  submit_after({1});
  apply(1, job::Cancel{});
  EXPECT_TRUE(try_remove(1).has_value());
  apply(2, job::Restart{});
  EXPECT_EQ(claim_job().id, 2);
}

// Of more followers than one commit can tell ------------------------------------------------------

TEST_P(StoreDependencies, FailsManyFollowersInParts) {
  const JobId first = submit().id;
  submit_followers_of(first, 1200);
  const auto told = apply(first, job::Cancel{}).others.size();
  EXPECT_GT(told, 0U);
  EXPECT_LT(told, 1200U);
  EXPECT_FALSE(can_claim());
  const auto woken = wake();
  EXPECT_GT(woken.ended.size(), 0U);
  EXPECT_TRUE(is_overdue(woken));
  reopen();
  EXPECT_EQ(wake_all(), 1200 - told - woken.ended.size());
  EXPECT_EQ(store_->counts().value().failed, 1200);
  EXPECT_EQ(get(1201).failure->detail, "Job 1, which it was to follow, was cancelled.");
  EXPECT_EQ(wake().next, std::nullopt);
}

TEST_P(StoreDependencies, LetsManyFollowersGoOnInParts) {
  const JobId first = submit().id;
  submit_followers_of(first, 1200);
  claim();
  apply(first, job::Complete{});
  const std::size_t told = claim_all();
  EXPECT_GT(told, 0U);
  EXPECT_LT(told, 1200U);
  const auto woken = wake();
  EXPECT_EQ(woken.ready.at("echo"), 2);
  EXPECT_TRUE(is_overdue(woken));
  EXPECT_THAT(wake().ready, SizeIs(1));
  wake_all();
  EXPECT_EQ(told + claim_all(), 1200U);
}

TEST_P(StoreDependencies, FailsALongChainInParts) {
  for (JobId id = submit().id; id < 700;) id = submit_after({id}).id;
  const auto told = apply(1, job::Cancel{}).others.size();
  EXPECT_LT(told, 699U);
  EXPECT_EQ(told + wake_all(), 699U);
  EXPECT_EQ(get(700).failure->detail, "Job 699, which it was to follow, failed.");
}

TEST_P(StoreDependencies, TellsTheRestOfAnEndThoughItsJobIsRemoved) {
  const JobId first = submit().id;
  submit_followers_of(first, 700);
  apply(first, job::Cancel{});
  EXPECT_TRUE(try_remove(first).has_value());
  wake_all();
  EXPECT_EQ(store_->counts().value().failed, 700);
}

TEST_P(StoreDependencies, RunsAJobAgainOnlyWhenAllKnowOfItsEnd) {
  const JobId first = submit().id;
  submit_followers_of(first, 700);
  apply(first, job::Cancel{});
  const auto refused = try_apply(first, job::Restart{});
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("try again in a moment"));
  wake_all();
  EXPECT_TRUE(try_apply(first, job::Restart{}).has_value());
  EXPECT_EQ(store_->counts().value().failed, 700);
}

INSTANTIATE_TEST_SUITE_P(Store, StoreDependencies, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace llmspool::store
