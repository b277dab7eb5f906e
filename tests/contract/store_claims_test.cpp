// SPDX-License-Identifier: MIT
// The Store's promises on what runs when: claims, fences, leases, delays, deadlines.
#include <mutex>
#include <set>
#include <thread>

#include "harness.hpp"

namespace llmspool::store {
namespace {

using job::Job;
using job::JobId;
using job::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, ClaimsByPriorityThenAge) {
  for (const int priority : {50, 90, 10, 90, 50}) {
    Submission submission = prompt();
    submission.job.priority = priority;
    submit(submission);
  }
  std::vector<JobId> claimed;
  while (const auto next = claim()) claimed.push_back(next->applied.job.id);
  EXPECT_THAT(claimed, ElementsAre(2, 4, 1, 5, 3));
}

TEST_P(StoreContract, ClaimsOnlyForTheBackendThatAJobWaitsFor) {
  Submission submission = prompt();
  submission.job.backends = {"ollama", "echo"};
  const JobId id = submit(submission).id;
  EXPECT_FALSE(claim("echo"));
  EXPECT_EQ(claim("ollama").value().applied.job.backend, "ollama");
  apply(id, job::Retry{{"backend_failed", "Down."}, 0ms, "echo"});
  EXPECT_FALSE(claim("ollama"));
  EXPECT_EQ(claim("echo").value().applied.job.attempt, 2);
}

TEST_P(StoreContract, StartsAClaimedJobAndGivesItsRequest) {
  submit();
  const Claimed claimed = claim().value();
  EXPECT_EQ(claimed.applied.job.status, Status::processing);
  EXPECT_EQ(claimed.applied.job.fence, 1);
  EXPECT_THAT(claimed.applied.events, SizeIs(1));
  EXPECT_EQ(claimed.request.messages.at(0).content, "Hello");
  EXPECT_THAT(claimed.finished, IsEmpty());
  EXPECT_FALSE(can_claim());
  EXPECT_THAT(log(1), ElementsAre("created", "started"));
}

TEST_P(StoreContract, NeverClaimsAJobTwice) {
  constexpr int kJobs = 400;
  for (int i = 0; i < kJobs; ++i) store_->submit(prompt(), [](const auto&) {});
  std::mutex mutex;
  std::multiset<JobId> claimed;
  const auto work = [&](const std::string& node) {
    while (const auto next = claim("echo", node)) {
      const std::lock_guard lock(mutex);
      claimed.insert(next->applied.job.id);
    }
  };
  std::vector<std::thread> threads;
  for (const char* node : {"a", "a", "b", "c"}) threads.emplace_back(work, node);
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(claimed, SizeIs(kJobs));
  EXPECT_THAT(std::set(claimed.begin(), claimed.end()), SizeIs(kJobs));
}

TEST_P(StoreContract, FollowsAChangedPriority) {
  submit();
  const JobId second = submit().id;
  apply(second, job::Change{.priority = 60});
  EXPECT_EQ(claim_job().id, second);
}

TEST_P(StoreContract, ClaimsNoHeldJob) {
  Submission submission = prompt();
  submission.hold = true;
  const JobId id = submit(submission).id;
  EXPECT_FALSE(can_claim());
  apply(id, job::Release{});
  apply(id, job::Hold{});
  EXPECT_FALSE(can_claim());
  apply(id, job::Release{});
  EXPECT_EQ(claim_job().id, id);
}

// Fences and checkpoints -------------------------------------------------------------------------

TEST_P(StoreContract, HearsOnlyTheLatestClaim) {
  const JobId id = submit().id;
  const Job first = claim_job();
  EXPECT_TRUE(try_apply(id, job::Append{"answer", "Hi"}, first.fence).has_value());
  apply(id, job::PutBack{});
  const Job second = claim_job();
  EXPECT_GT(second.fence, first.fence);
  EXPECT_EQ(try_apply(id, job::Append{"answer", "Hi"}, first.fence).error().code, Code::stale);
  EXPECT_EQ(try_apply(id, job::Complete{}, first.fence).error().code, Code::stale);
  apply(id, job::Cancel{});
  EXPECT_EQ(try_apply(id, job::Complete{}, second.fence).error().code, Code::stale);
  EXPECT_EQ(get(id).status, Status::cancelled);
}

TEST_P(StoreContract, StartsAJobAtOnceWhosePauseAPersonHasEnded) {
  const JobId id = submit().id;
  claim();
  apply(id, job::Retry{{"timeout", "Slow."}, 1h, "echo"});
  ASSERT_FALSE(can_claim());
  apply(id, job::Change{.not_before = std::optional<Time>()});
  EXPECT_TRUE(can_claim());
}

TEST_P(StoreContract, LeavesAJobToItsNodeWhoseFirstLeaseIsOver) {
  submit();
  submit();
  claim();
  apply(1, job::Complete{});
  clock_.advance(2min);
  claim();
  EXPECT_THAT(recover("b"), IsEmpty());
}

TEST_P(StoreContract, GoesOnFromTheFinishedSteps) {
  const JobId id = submit().id;
  claim();
  const auto finish = [&](const std::string& step, const std::string& text) {
    job::FinishStep finished{.progress = 10};
    finished.result = {step, false, text, {{"length", text.size()}}, {1, 2}};
    apply(id, finished);
  };
  finish("zeta", "first");
  finish("alpha", "second");
  apply(id, job::PutBack{});
  reopen();
  const Claimed claimed = claim().value();
  EXPECT_EQ(claimed.applied.job.attempt, 1);
  EXPECT_EQ(claimed.applied.job.usage.completion_tokens, 4);
  ASSERT_THAT(claimed.finished, SizeIs(2));
  EXPECT_EQ(claimed.finished[0].step, "zeta");
  EXPECT_EQ(claimed.finished[0].text, "first");
  EXPECT_EQ(claimed.finished[0].report.at("length"), 5);
  EXPECT_EQ(claimed.finished[1].step, "alpha");
  EXPECT_EQ(claimed.finished[1].usage.completion_tokens, 2);

  finish("zeta", "again");
  apply(id, job::Retry{{"timeout", "Slow."}, 0ms, "echo"});
  const auto finished = claim().value().finished;
  ASSERT_THAT(finished, SizeIs(2));
  EXPECT_EQ(finished[1].text, "again");
}

// Recovery ---------------------------------------------------------------------------------------

TEST_P(StoreContract, PutsBackWhatItsNodeRanInAnEarlierLife) {
  for (int i = 0; i < 3; ++i) submit();
  claim("echo", "a");
  claim("echo", "b");
  reopen();
  const auto interrupted = recover("a");
  ASSERT_THAT(interrupted, SizeIs(1));
  EXPECT_EQ(interrupted[0].job.id, 1);
  EXPECT_EQ(interrupted[0].job.interruptions, 1);
  EXPECT_THAT(log(1), ElementsAre("created", "started", "requeued"));
  EXPECT_EQ(get(2).status, Status::processing);
  EXPECT_EQ(claim_job().id, 1);
}

TEST_P(StoreContract, LeavesAloneWhatRunsInThisLife) {
  submit();
  claim("echo", "a");
  EXPECT_THAT(recover("a"), IsEmpty());
  EXPECT_EQ(get(1).status, Status::processing);
  reopen();
  EXPECT_THAT(recover("a"), SizeIs(1));
  claim("echo", "a");
  EXPECT_THAT(recover("a"), IsEmpty());
}

TEST_P(StoreContract, TakesOverWhereALeaseHasEnded) {
  submit();
  submit();
  claim("echo", "b", 10s);
  claim("echo", "c", 10s);
  clock_.advance(9s);
  EXPECT_THAT(recover("a"), IsEmpty());
  const auto renewed =
      await<void>([&](auto done) { store_->renew("c", clock_.now() + 10s, std::move(done)); });
  EXPECT_TRUE(renewed.has_value());
  clock_.advance(1s);
  const auto interrupted = recover("a");
  ASSERT_THAT(interrupted, SizeIs(1));
  EXPECT_EQ(interrupted[0].job.id, 1);
  EXPECT_EQ(claim_job().fence, 2);
  EXPECT_EQ(try_apply(1, job::Complete{}, 1).error().code, Code::stale);
}

TEST_P(StoreContract, TellsUntilWhenAnEarlierLifeMayHaveRunJobs) {
  EXPECT_FALSE(recover_all().leased_until.has_value());
  submit();
  claim("echo", "a", 30s);
  const Time leased_until = clock_.now() + 30s;
  EXPECT_FALSE(recover_all().leased_until.has_value()) << "by itself";
  reopen();
  EXPECT_EQ(recover_all().leased_until, leased_until);
  reopen();
  EXPECT_EQ(recover_all().leased_until, leased_until) << "after a life that ran nothing";
  EXPECT_FALSE(recover_all("b").leased_until.has_value());
}

TEST_P(StoreContract, BlamesAJobThatTheDaemonDiesUnderAgainAndAgain) {
  const JobId id = submit().id;
  const JobId follower = submit_after({id}).id;
  std::vector<Applied> interrupted;
  do {
    ASSERT_EQ(claim_job().id, id);
    reopen();
    interrupted = recover();
    ASSERT_THAT(interrupted, SizeIs(1));
  } while (interrupted[0].job.status == Status::pending);
  EXPECT_EQ(interrupted[0].job.failure->code, "interrupted");
  ASSERT_THAT(interrupted[0].others, SizeIs(1));
  EXPECT_EQ(interrupted[0].others[0].job.id, follower);
}

// Time -------------------------------------------------------------------------------------------

TEST_P(StoreContract, ClaimsADelayedJobOnlyWhenItsTimeHasCome) {
  Submission submission = prompt();
  submission.job.not_before = clock_.now() + 5s;
  submit(submission);
  EXPECT_FALSE(can_claim());
  EXPECT_EQ(wake().next, clock_.now() + 5s);
  clock_.advance(5s - 1ms);
  wake();
  EXPECT_FALSE(can_claim());
  clock_.advance(1ms);
  const auto woken = wake();
  EXPECT_EQ(woken.next, std::nullopt);
  EXPECT_THAT(woken.ended, IsEmpty());
  EXPECT_EQ(claim_job().id, 1);
}

TEST_P(StoreContract, WaitsBeforeAnotherAttempt) {
  submit();
  claim();
  apply(1, job::Retry{{"timeout", "Slow."}, 3s, "echo"});
  EXPECT_FALSE(can_claim());
  clock_.advance(3s);
  reopen();
  EXPECT_EQ(wake().next, std::nullopt);
  EXPECT_EQ(claim_job().attempt, 2);
}

TEST_P(StoreContract, EndsAPauseThatAClockSetBackMakesLong) {
  submit();
  claim();
  apply(1, job::Retry{{"timeout", "Slow."}, 3s, "echo"});
  clock_.advance(-1h);
  EXPECT_FALSE(can_claim());
  const auto woken = wake();
  EXPECT_EQ(woken.next, std::nullopt);
  EXPECT_EQ(woken.ready.at("echo"), 1);
  EXPECT_EQ(claim_job().attempt, 2);
}

TEST_P(StoreContract, KeepsToTheDelayOfAJobThoughItsPauseHasEnded) {
  Submission submission = prompt();
  submission.job.not_before = clock_.now() + 1h;
  submit(submission);
  clock_.advance(1h);
  wake();
  claim();
  apply(1, job::Retry{{"timeout", "Slow."}, 3s, "echo"});
  clock_.advance(-10s);
  EXPECT_EQ(wake().next, submission.job.not_before);
  EXPECT_FALSE(can_claim());
}

TEST_P(StoreContract, FollowsAChangedDelay) {
  const JobId id = submit().id;
  job::Change later, now;
  later.not_before = clock_.now() + 5s;
  now.not_before = std::optional<Time>();
  apply(id, later);
  EXPECT_FALSE(can_claim());
  EXPECT_EQ(wake().next, clock_.now() + 5s);
  apply(id, now);
  EXPECT_EQ(wake().next, std::nullopt);
  EXPECT_EQ(claim_job().id, id);
}

TEST_P(StoreContract, ExpiresEveryActiveJobAtItsDeadline) {
  const auto submit_until = [&](Milliseconds left, bool hold) {
    Submission submission = prompt();
    submission.job.deadline = clock_.now() + left;
    submission.hold = hold;
    return submit(submission).id;
  };
  submit_until(1s, false);
  claim();
  submit_until(2s, false);
  submit_until(3s, true);
  const JobId later = submit_until(4s, false);
  apply(submit_until(1s, false), job::Cancel{});
  EXPECT_EQ(wake().next, clock_.now() + 1s);
  clock_.advance(3s);
  const auto woken = wake();
  ASSERT_THAT(woken.ended, SizeIs(3));
  for (const Applied& expired : woken.ended) EXPECT_EQ(expired.job.failure->code, "expired");
  EXPECT_EQ(woken.next, clock_.now() + 1s);
  EXPECT_EQ(try_apply(1, job::Complete{}, 1).error().code, Code::stale);
  EXPECT_EQ(claim_job().id, later);
}

TEST_P(StoreContract, FailsAJobOnceThoughItExpiresWithOneThatItFollows) {
  Submission first = prompt();
  first.job.deadline = clock_.now() + 1s;
  submit(first);
  Submission second = first;
  second.job.after = {1};
  submit(second);
  clock_.advance(1s);
  const auto woken = wake();
  ASSERT_THAT(woken.ended, SizeIs(1));
  EXPECT_THAT(woken.ended[0].others, SizeIs(1));
  EXPECT_THAT(log(2), ElementsAre("created", "failed"));
}

}  // namespace
}  // namespace llmspool::store
