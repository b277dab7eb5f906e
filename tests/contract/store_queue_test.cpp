// SPDX-License-Identifier: MIT
// The Store's promises on whose turn it is, groups, keys that supersede, limits and what is kept.
#include <fstream>

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
using testing::UnorderedElementsAre;

class StoreQueue : public StoreContract {
 protected:
  JobId submit_for(const std::string& owner, int priority = 50, const std::string& model = {}) {
    Submission submission = prompt(owner);
    submission.job.priority = priority;
    submission.job.model = model;
    return submit(std::move(submission)).id;
  }
  std::vector<JobId> claim_ids(std::size_t limit, job::Models models = {}) {
    std::vector<JobId> ids;
    for (const Claimed& claimed : claim_some({.backend = "echo",
                                              .node = "a",
                                              .lease_until = clock_.now() + 1min,
                                              .limit = limit,
                                              .models = std::move(models)}))
      ids.push_back(claimed.applied.job.id);
    return ids;
  }
  JobId submit_in(const std::string& group, const std::string& owner = "alice") {
    Submission submission = prompt(owner);
    submission.job.group = group;
    return submit(std::move(submission)).id;
  }
  Submission keyed(const std::string& key, const std::string& owner = "alice") {
    Submission submission = prompt(owner);
    submission.job.supersede = key;
    return submission;
  }
  Store::Retained retain(const Retention& retention) {
    return await<Store::Retained>([&](auto done) { store_->retain(retention, std::move(done)); })
        .value();
  }
  // Of three submits in one commit.
  std::vector<std::optional<Code>> refusals_of_three() {
    const auto all = await<std::vector<Result<Submitted>>>([&](auto done) {
                       store_->submit_all({prompt(), prompt(), prompt()}, std::move(done));
                     }).value();
    std::vector<std::optional<Code>> refusals;
    for (const auto& each : all)
      refusals.push_back(each ? std::nullopt : std::optional(each.error().code));
    return refusals;
  }
  JobId submit_ended() {
    const JobId id = submit().id;
    claim();
    apply(id, job::Append{"answer", "Hello"});
    apply(id, job::Complete{"Hello"});
    return id;
  }
};

// Turns ------------------------------------------------------------------------------------------

TEST_P(StoreQueue, GivesAJobThatHasWaitedLongItsTurnBeforeHigherPriorities) {
  const JobId low = submit_for("alice", 10);
  clock_.advance(40min);
  const JobId high = submit_for("alice", 50);
  EXPECT_THAT(claim_ids(1), ElementsAre(low));  // 40 points behind, 40 minutes older
  EXPECT_THAT(claim_ids(1), ElementsAre(high));
}

TEST_P(StoreQueue, LetsAHigherPriorityGoFirstUntilThen) {
  const JobId low = submit_for("alice", 10);
  clock_.advance(40min - 1ms);
  const JobId high = submit_for("alice", 50);
  EXPECT_THAT(claim_ids(2), ElementsAre(high, low));
}

TEST_P(StoreQueue, LetsOwnersTakeTurnsHoweverManyJobsEachHas) {
  for (int i = 0; i < 4; ++i) submit_for("alice");
  clock_.advance(1s);
  submit_for("bob");
  submit_for("bob");
  submit_for("carol");
  EXPECT_THAT(claim_ids(7), ElementsAre(1, 5, 7, 2, 6, 3, 4));
}

TEST_P(StoreQueue, KeepsTurnsAcrossClaims) {
  for (int i = 0; i < 3; ++i) submit_for("alice");
  EXPECT_THAT(claim_ids(1), ElementsAre(1));
  clock_.advance(1s);
  const JobId late = submit_for("bob");
  clock_.advance(1s);
  EXPECT_THAT(claim_ids(1), ElementsAre(2))
      << "bob has not waited longer than alice since her turn";
  EXPECT_THAT(claim_ids(1), ElementsAre(late));
}

TEST_P(StoreQueue, PrefersALoadedModelForABoundedTime) {
  const JobId other = submit_for("alice", 50, "b");
  submit_for("alice", 50, "a");
  submit_for("alice", 50, "a");
  submit_for("alice", 40, "a");
  const job::Models loaded{.loaded = {"a"}};
  EXPECT_THAT(claim_ids(1, loaded), ElementsAre(2));
  clock_.advance(30s - 1ms);
  EXPECT_THAT(claim_ids(1, loaded), ElementsAre(3));
  EXPECT_THAT(claim_ids(1, loaded), ElementsAre(other)) << "the last for a has a lower priority";
}

TEST_P(StoreQueue, GivesUpALoadedModelWhenAnotherHasWaitedLongEnough) {
  const JobId other = submit_for("alice", 50, "b");
  for (int i = 0; i < 3; ++i) submit_for("alice", 50, "a");
  const job::Models loaded{.loaded = {"a"}};
  EXPECT_THAT(claim_ids(1, loaded), ElementsAre(2));
  clock_.advance(30s);
  EXPECT_THAT(claim_ids(1, loaded), ElementsAre(other));
}

TEST_P(StoreQueue, PassesOverModelsThatAreFull) {
  submit_for("alice", 90, "big");
  const JobId small = submit_for("alice", 10, "small");
  EXPECT_THAT(claim_ids(2, {.full = {"big"}}), ElementsAre(small));
  EXPECT_THAT(claim_ids(2, {.full = {"big", "small"}}), IsEmpty());
}

TEST_P(StoreQueue, TellsTheOrderOfAQueue) {
  for (int i = 0; i < 3; ++i) submit_for("alice");
  submit_for("bob", 70);
  const Queue queue = store_->queue("echo", 2).value();
  EXPECT_EQ(queue.waiting, 4);
  std::vector<JobId> ids;
  for (const job::Head& head : queue.first) ids.push_back(head.id);
  EXPECT_THAT(ids, ElementsAre(1, 2, 4));
  EXPECT_EQ(queue.last.value().id, 3);
}

TEST_P(StoreQueue, MovesAJobToAnotherLine) {
  const JobId id = submit_for("alice", 50, "a");
  EXPECT_THAT(claim_ids(0), IsEmpty());
  apply(id, job::Change{.backends = {{"other"}}, .model = "b"});
  EXPECT_FALSE(can_claim());
  const Claimed claimed = claim("other").value();
  EXPECT_EQ(claimed.applied.job.model, "b");
}

TEST_P(StoreQueue, DivertsOnlyWhatHasAnotherBackend) {
  Submission submission = prompt();
  submission.job.backends = {"echo", "other", "third"};
  const JobId id = submit(submission).id;
  const JobId stays = submit().id;
  const auto divert = [&](const std::string& backend) {
    return await<Batch>(
               [&](auto done) { store_->divert(backend, {"other", "third"}, 0, std::move(done)); })
        .value();
  };
  EXPECT_THAT(divert("echo").applied, SizeIs(1));
  EXPECT_THAT(divert("echo").applied, IsEmpty());
  EXPECT_THAT(divert("other").applied, SizeIs(1));
  EXPECT_EQ(claim("third").value().applied.job.id, id);
  EXPECT_EQ(claim_job().id, stays);
  EXPECT_THAT(log(id), ElementsAre("created", "moved", "moved", "started"));
}

TEST_P(StoreQueue, DivertsBackToABackendBeforeItsOwn) {
  Submission submission = prompt();
  submission.job.backends = {"echo", "other"};
  const JobId id = submit(submission).id;
  const auto divert = [&](const std::string& from, const std::string& to) {
    return await<Batch>([&](auto done) { store_->divert(from, {to}, 0, std::move(done)); }).value();
  };
  ASSERT_THAT(divert("echo", "other").applied, SizeIs(1));
  EXPECT_THAT(divert("other", "echo").applied, SizeIs(1));
  EXPECT_EQ(claim_job().id, id);
}

TEST_P(StoreQueue, DivertsToNoBackendThatHasGivenUpOnTheJob) {
  Submission submission = prompt();
  submission.job.backends = {"echo", "other"};
  const JobId id = submit(submission).id;
  claim();
  apply(id, job::Retry{{"backend_failed", "No."}, 0s, "other"});
  const auto batch = await<Batch>([&](auto done) {
                       store_->divert("other", {"echo"}, 0, std::move(done));
                     }).value();
  EXPECT_THAT(batch.applied, IsEmpty());
}

TEST_P(StoreQueue, DivertsAJobThatHasBeenGivenAnotherBackend) {
  const JobId id = submit().id;
  apply(id, job::Change{.backends = {{"echo", "other"}}});
  const auto batch = await<Batch>([&](auto done) {
                       store_->divert("echo", {"other"}, 0, std::move(done));
                     }).value();
  EXPECT_THAT(batch.applied, SizeIs(1));
}

TEST_P(StoreQueue, DivertsOverBackendsThatAreNotThere) {
  Submission submission = prompt();
  submission.job.backends = {"echo", "gone", "third"};
  submit(submission);
  submission.job.backends = {"echo", "gone"};
  const JobId stays = submit(submission).id;
  const auto diverted = await<Batch>([&](auto done) {
                          store_->divert("echo", {"third"}, 0, std::move(done));
                        }).value();
  ASSERT_THAT(diverted.applied, SizeIs(1));
  EXPECT_EQ(diverted.applied[0].job.backend, "third");
  EXPECT_EQ(claim_job().id, stays);
}

TEST_P(StoreQueue, DivertsOnlyWhatStandsBehindAJob) {
  Submission submission = prompt();
  submission.job.backends = {"echo", "other"};
  const JobId first = submit(submission).id, second = submit(submission).id;
  const auto batch = await<Batch>([&](auto done) {
                       store_->divert("echo", {"other"}, first, std::move(done));
                     }).value();
  ASSERT_THAT(batch.applied, SizeIs(1));
  EXPECT_EQ(batch.applied[0].job.id, second);
  EXPECT_EQ(batch.last, second);
  EXPECT_FALSE(batch.more);
}

TEST_P(StoreQueue, TellsTheFirstOfThoseThatHaveBecomeReady) {
  submit();
  submit();
  const JobId follows_second = submit_after({2}).id;
  submit_after({1});
  for (int i = 0; i < 2; ++i) apply(claim_job().id, job::Complete{});
  EXPECT_EQ(wake().ready.at("echo"), follows_second);
}

TEST_P(StoreQueue, TellsOnceWhatHasBecomeReady) {
  using Ready = std::map<std::string, JobId>;
  Submission later = prompt();
  later.job.not_before = clock_.now() + 1s;
  const JobId first = submit().id;
  const JobId delayed = submit(later).id;
  const JobId follower = submit_after({first}).id;
  EXPECT_EQ(wake().ready, Ready());
  clock_.advance(1s);
  EXPECT_EQ(wake().ready, (Ready{{"echo", delayed}}));
  apply(claim_job().id, job::Complete{"Hello"});
  EXPECT_EQ(wake().ready, (Ready{{"echo", follower}}));
  EXPECT_EQ(wake().ready, Ready());
}

TEST_P(StoreQueue, KnowsWhichBackendsAreAwaited) {
  EXPECT_THAT(recover_all().awaited, IsEmpty());
  for (const char* backend : {"other", "echo", "other"}) {
    Submission submission = prompt();
    submission.job.backends = {backend};
    submit(std::move(submission));
  }
  EXPECT_THAT(recover_all().awaited, ElementsAre("echo", "other"));
}

TEST_P(StoreQueue, CountsEveryModelThatIsPassedOver) {
  const JobId first = submit_for("alice", 50, "b"), second = submit_for("bob", 50, "c");
  for (int i = 0; i < 4; ++i) submit_for(i % 2 == 0 ? "alice" : "bob", 50, "a");
  const job::Models loaded{.loaded = {"a"}};
  EXPECT_THAT(claim_ids(2, loaded), SizeIs(2));
  clock_.advance(30s);
  std::vector<JobId> next = claim_ids(2, loaded);
  EXPECT_THAT(next, UnorderedElementsAre(first, second));
}

TEST_P(StoreQueue, ForgetsWhatStepsHaveDoneWhenAJobRunsAnew) {
  const JobId id = submit().id;
  claim();
  job::FinishStep finish{.progress = 40};
  finish.result = {.step = "match", .text = "old"};
  apply(id, finish);
  apply(id, job::Retry{{"timeout", "Slow."}, 0ms, "echo"});
  apply(id, job::Cancel{});
  apply(id, job::Restart{});
  EXPECT_THAT(claim().value().finished, IsEmpty());
  apply(id, job::PutBack{});
  EXPECT_THAT(claim().value().finished, IsEmpty());
}

TEST_P(StoreQueue, SupersedesAJobThatRunsAgain) {
  const JobId first = submit(keyed("draft")).id;
  apply(first, job::Cancel{});
  apply(first, job::Restart{});
  submit(keyed("draft"));
  EXPECT_EQ(get(first).status, Status::cancelled);
}

// Many at once -----------------------------------------------------------------------------------

TEST_P(StoreQueue, TakesManyAndRefusesEachAlone) {
  std::vector<Submission> many{prompt(), prompt(), prompt()};
  many[1].job.after = {99};
  const auto all = await<std::vector<Result<Submitted>>>([&](auto done) {
                     store_->submit_all(many, std::move(done));
                   }).value();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].value().applied.job.id, 1);
  EXPECT_EQ(all[1].error().code, Code::invalid);
  EXPECT_EQ(all[2].value().applied.job.id, 2);
}

TEST_P(StoreQueue, CountsAGroupByState) {
  submit_in("spring");
  const JobId second = submit_in("spring");
  submit_in("autumn");
  submit_in("spring", "bob");
  claim();
  apply(1, job::Report{40, "answer", "Half"});
  apply(second, job::Hold{});
  const Group group = store_->group("alice", "spring").value();
  EXPECT_EQ(group.jobs.processing, 1);
  EXPECT_EQ(group.jobs.held, 1);
  EXPECT_EQ(group.jobs.pending, 0);
  EXPECT_EQ(group.running_percent, 40);
  EXPECT_EQ(store_->group("bob", "spring").value().jobs.pending, 1);
  EXPECT_EQ(store_->group("bob", "autumn").error().code, Code::not_found);
  EXPECT_THAT(store_->groups("alice", 10).value(), SizeIs(2));
  EXPECT_THAT(store_->groups(std::nullopt, 2).value(), SizeIs(2));
  EXPECT_THAT(ids({.owner = "alice", .group = "spring"}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.owner = "alice", .group = "spring", .after = 1}), ElementsAre(2));
  reopen();
  EXPECT_EQ(store_->group("alice", "spring").value().jobs.processing, 1);
}

TEST_P(StoreQueue, ListsAGroupPageByPage) {
  for (int i = 0; i < 3; ++i) submit_in("spring");
  EXPECT_THAT(ids({.group = "spring", .limit = 2}), ElementsAre(3, 2));
  EXPECT_THAT(ids({.group = "spring", .limit = 2, .before = 2}), ElementsAre(1));
}

TEST_P(StoreQueue, ListsThoseOfAGroupThatHaveALabel) {
  submit_in("spring");
  Submission labelled = prompt();
  labelled.job.group = "spring";
  labelled.job.labels = {{"batch", "a"}, {"kind", "b"}};
  const JobId id = submit(std::move(labelled)).id;
  EXPECT_THAT(ids({.group = "spring", .labels = {{"batch", "a"}}}), ElementsAre(id));
  EXPECT_THAT(ids({.group = "spring", .labels = {{"batch", "a"}, {"kind", "c"}}}), IsEmpty());
}

TEST_P(StoreQueue, CancelsAllThatIsActiveOfAGroup) {
  submit_in("spring");
  submit_in("spring");
  const JobId other = submit_in("autumn");
  claim();
  apply(1, job::Complete{});
  const auto cancel = [&](const std::string& group) {
    return await<Batch>(
        [&](auto done) { store_->cancel_group("alice", group, 1000, std::move(done)); });
  };
  EXPECT_THAT(cancel("spring").value().applied, SizeIs(1));
  EXPECT_EQ(get(1).status, Status::completed);
  EXPECT_EQ(get(2).status, Status::cancelled);
  EXPECT_EQ(get(other).status, Status::pending);
  EXPECT_EQ(cancel("winter").error().code, Code::not_found);
}

TEST_P(StoreQueue, CancelsWhatHasJoinedAGroupJustBefore) {
  for (int i = 0; i < 100; ++i) {
    Submission submission = prompt();
    submission.job.group = "spring";
    store_->submit(std::move(submission), [](const auto&) {});
  }
  const auto batch = await<Batch>(
      [&](auto done) { store_->cancel_group("alice", "spring", 1000, std::move(done)); });
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_THAT(batch->applied, SizeIs(100));
}

TEST_P(StoreQueue, CancelsAGroupsFollowersBeforeTheyFail) {
  const JobId first = submit_in("spring");
  Submission follower = prompt();
  follower.job.group = "spring";
  follower.job.after = {first};
  const JobId second = submit(std::move(follower)).id;
  ASSERT_TRUE(await<Batch>([&](auto done) {
                store_->cancel_group("alice", "spring", 1000, std::move(done));
              }).has_value());
  EXPECT_EQ(get(second).status, Status::cancelled);
}

TEST_P(StoreQueue, CancelsWhatIsBeforeTheLastOfABatch) {
  for (int i = 0; i < 3; ++i) submit_in("spring");
  const auto batch = await<Batch>([&](auto done) {
                       store_->cancel_group("alice", "spring", 3, std::move(done));
                     }).value();
  EXPECT_THAT(batch.applied, SizeIs(2));
  EXPECT_EQ(batch.last, 1);
  EXPECT_EQ(get(3).status, Status::pending);
}

TEST_P(StoreQueue, ForgetsAGroupWithItsLastJob) {
  const JobId id = submit_in("spring");
  apply(id, job::Cancel{});
  EXPECT_TRUE(try_remove(id).has_value());
  EXPECT_EQ(store_->group("alice", "spring").error().code, Code::not_found);
  submit_in("spring");
  EXPECT_EQ(store_->group("alice", "spring").value().jobs.pending, 1);
}

// Keys that supersede ----------------------------------------------------------------------------

TEST_P(StoreQueue, ReplacesNoJobThatTheNewOneIsToFollow) {
  const JobId first = submit(keyed("draft")).id;
  Submission second = keyed("draft");
  second.job.after = {first};
  const auto refused = try_submit(std::move(second));
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(refused.error().fields.at(0).field, "after");
  EXPECT_EQ(get(first).status, Status::pending);
}

TEST_P(StoreQueue, ReplacesTheActiveJobOfTheSameKey) {
  const JobId first = submit(keyed("draft")).id;
  const JobId follower = submit_after({first}).id;
  const JobId others = submit(keyed("draft", "bob")).id;
  claim();
  const Submitted second = try_submit(keyed("draft")).value();
  ASSERT_THAT(second.applied.others, SizeIs(2));
  EXPECT_EQ(get(first).status, Status::cancelled);
  EXPECT_EQ(get(first).message, "Replaced by job " + std::to_string(second.applied.job.id));
  EXPECT_EQ(get(follower).status, Status::failed);
  EXPECT_EQ(get(others).status, Status::pending);
  EXPECT_EQ(try_apply(first, job::Complete{}, 1).error().code, Code::stale);
}

TEST_P(StoreQueue, LeavesAnEndedJobOfTheSameKeyAlone) {
  const JobId first = submit(keyed("draft")).id;
  claim();
  apply(first, job::Complete{});
  EXPECT_THAT(try_submit(keyed("draft")).value().applied.others, IsEmpty());
  EXPECT_EQ(get(first).status, Status::completed);
}

TEST_P(StoreQueue, FailsAJobThatFollowsOneThatFailsWithTheOneItReplaces) {
  const JobId first = submit(keyed("draft")).id;
  Submission third = keyed("draft");
  third.job.after = {submit_after({first}).id};
  EXPECT_EQ(submit(third).failure.value().code, "dependency_failed");
}

TEST_P(StoreQueue, ReplacesAWaitingJobWhereThereIsNoRoomForOneMore) {
  open({.waiting_max = 2, .owner_waiting_max = 1});
  const JobId first = submit(keyed("draft")).id;
  submit(prompt("bob"));
  const JobId second = submit(keyed("draft")).id;
  EXPECT_EQ(get(first).status, Status::cancelled);
  claim();
  ASSERT_EQ(claim_job().id, second);
  // One that runs leaves no place behind.
  submit();
  EXPECT_EQ(try_submit(keyed("draft")).error().code, Code::queue_full);
}

TEST_P(StoreQueue, DoesNotRunAJobAgainBesideTheOneThatReplacedIt) {
  const JobId first = submit(keyed("draft")).id;
  const JobId second = submit(keyed("draft")).id;
  const auto refused = try_apply(first, job::Restart{});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("replaced by job 2"));
  apply(second, job::Cancel{});
  apply(first, job::Restart{});
  EXPECT_EQ(claim_job().id, first);
}

// Limits -----------------------------------------------------------------------------------------

TEST_P(StoreQueue, RemovesNoMoreForSpaceThanNeeded) {
  constexpr std::int64_t kMegabyte = 1'000'000;
  for (int i = 0; i < 10; ++i) {
    Submission submission = prompt();
    submission.request.messages = {{"user", std::string(kMegabyte, 'x')}};
    submit(std::move(submission));
    apply(claim_job().id, job::Complete{"Hello"});
    clock_.advance(1s);
  }
  // Ten of them take somewhat more than ten megabytes.
  EXPECT_THAT(retain({.bytes_max = 8 * kMegabyte + kMegabyte / 2}).removed, ElementsAre(1, 2));
  EXPECT_FALSE(retain({.bytes_max = 8 * kMegabyte + kMegabyte / 2}).more);
}

TEST_P(StoreQueue, CountsAJobThatIsRunAgainAsWaiting) {
  open({.waiting_max = 1});
  const JobId ended = submit_ended();
  submit();
  const auto again = try_apply(ended, job::Restart{});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Code::queue_full);
}

TEST_P(StoreQueue, CountsAJobThatIsRunAgainAsOneOfItsOwner) {
  open({.owner_waiting_max = 1});
  const JobId ended = submit_ended();
  submit();
  EXPECT_EQ(try_apply(ended, job::Restart{}).error().code, Code::queue_full);
}

TEST_P(StoreQueue, RunsAJobAgainInTheLastPlaceOfTheQueue) {
  open({.waiting_max = 2});
  const JobId ended = submit_ended();
  submit();
  EXPECT_TRUE(try_apply(ended, job::Restart{}).has_value());
}

TEST_P(StoreQueue, RunsAJobAgainInTheLastPlaceOfItsOwner) {
  open({.owner_waiting_max = 2});
  const JobId ended = submit_ended();
  submit();
  EXPECT_TRUE(try_apply(ended, job::Restart{}).has_value());
}

TEST_P(StoreQueue, TakesOfManyOnlyThoseThatTheQueueMayHold) {
  open({.waiting_max = 2});
  EXPECT_THAT(refusals_of_three(), ElementsAre(std::nullopt, std::nullopt, Code::queue_full));
}

TEST_P(StoreQueue, TakesOfManyOnlyThoseThatTheirOwnerMayHave) {
  open({.owner_waiting_max = 2});
  EXPECT_THAT(refusals_of_three(), ElementsAre(std::nullopt, std::nullopt, Code::queue_full));
}

TEST_P(StoreQueue, BoundsTheWaitingJobsOfEachOwner) {
  open({.owner_waiting_max = 2});
  submit();
  submit();
  const auto refused = try_submit(prompt());
  EXPECT_EQ(refused.error().code, Code::queue_full);
  EXPECT_THAT(refused.error().message, HasSubstr("2 of your jobs are waiting"));
  submit(prompt("bob"));
  claim();
  submit();
  EXPECT_EQ(try_submit(prompt()).error().code, Code::queue_full);
  reopen({.owner_waiting_max = 2});
  EXPECT_EQ(try_submit(prompt()).error().code, Code::queue_full);
  apply(2, job::Cancel{});
  submit();
}

TEST_P(StoreQueue, CountsAJobThatWaitsAgainAsOneOfItsOwner) {
  open({.owner_waiting_max = 2});
  const JobId again = submit().id;
  claim();
  apply(again, job::PutBack{});
  submit();
  EXPECT_EQ(try_submit(prompt()).error().code, Code::queue_full);
}

TEST_P(StoreQueue, RemembersASwitch) {
  const auto turn = [&](const std::string& name, bool on) {
    return await<void>([&](auto done) { store_->set_switch(name, on, std::move(done)); })
        .has_value();
  };
  EXPECT_TRUE(turn("paused", true));
  EXPECT_TRUE(turn("paused", true));
  EXPECT_TRUE(turn("rejecting echo", true));
  EXPECT_TRUE(turn("rejecting echo", false));
  EXPECT_TRUE(turn("rejecting echo", false));
  reopen();
  EXPECT_THAT(store_->switches().value(), UnorderedElementsAre("paused"));
}

TEST_P(StoreQueue, KnowsAKeyThatWasUsed) {
  Submission submission = prompt();
  submission.idempotency_key = "k";
  submission.fingerprint = "f";
  submit(submission);
  EXPECT_EQ(store_->known_key("alice", "k").value().value().second, "f");
  EXPECT_EQ(store_->known_key("bob", "k").value(), std::nullopt);
  clock_.advance(24h);
  EXPECT_EQ(store_->known_key("alice", "k").value(), std::nullopt);
}

// What is kept -----------------------------------------------------------------------------------

TEST_P(StoreQueue, RemovesJobsThatEndedLongAgo) {
  submit_ended();
  clock_.advance(1h);
  submit_ended();
  const JobId waiting = submit().id;
  clock_.advance(1h);
  EXPECT_THAT(retain({.age = 2h + 1ms}).removed, IsEmpty());
  EXPECT_THAT(retain({.age = 2h}).removed, ElementsAre(1));
  EXPECT_EQ(store_->get(1).error().code, Code::not_found);
  EXPECT_THAT(ids({}), ElementsAre(waiting, 2));
}

TEST_P(StoreQueue, RemovesTheOldestBeyondANumber) {
  for (int i = 0; i < 3; ++i) submit_ended();
  EXPECT_THAT(retain({.jobs_max = 3}).removed, IsEmpty());
  EXPECT_THAT(retain({.jobs_max = 2}).removed, ElementsAre(1));
  EXPECT_THAT(retain({.jobs_max = 0}).removed, ElementsAre(2, 3));
}

TEST_P(StoreQueue, RemovesTheOldestWhileTheStoreIsTooLarge) {
  submit_ended();
  EXPECT_THAT(retain({.bytes_max = std::int64_t{1} << 40}).removed, IsEmpty());
  EXPECT_THAT(retain({.bytes_max = 1}).removed, ElementsAre(1));
}

TEST_P(StoreQueue, KeepsNoMoreJobsThanItMayHoweverTheyEnded) {
  for (int i = 0; i < 2; ++i) apply(submit().id, job::Cancel{});
  EXPECT_THAT(retain({.jobs_max = 1}).removed, ElementsAre(1));
}

TEST_P(StoreQueue, KeepsNoMoreJobsThanItMayHoweverYoung) {
  for (int i = 0; i < 2; ++i) apply(submit().id, job::Cancel{});
  EXPECT_THAT(retain({.age = 1h, .jobs_max = 1}).removed, ElementsAre(1));
}

TEST_P(StoreQueue, RemovesAJobThatFailedAsSoonAsItCame) {
  apply(submit().id, job::Cancel{});
  ASSERT_EQ(submit_after({1}).status, Status::failed);
  EXPECT_THAT(retain({.jobs_max = 0}).removed, SizeIs(2));
}

TEST_P(StoreQueue, RemovesContentsBeforeTheJobs) {
  const JobId id = submit().id;
  claim();
  job::FinishStep finish{};
  finish.result = {.step = "answer", .text = "Hello"};
  finish.files = {{"answer.txt", "other", "text/plain", "Hello"}};
  finish.hoisted = {{"letter", "Hello"}};
  apply(id, job::Append{"answer", "Hello"});
  apply(id, finish);
  apply(id, job::Complete{"Hello"});
  clock_.advance(1h);
  retain({.content_age = 1h + 1ms});
  EXPECT_EQ(get(id).output, "Hello");
  EXPECT_THAT(retain({.content_age = 1h}).removed, IsEmpty());
  EXPECT_EQ(get(id).output, std::nullopt);
  EXPECT_THAT(get(id).hoisted, IsEmpty());
  EXPECT_TRUE(get(id).contents_removed);
  EXPECT_THAT(store_->files(id).value(), IsEmpty());
  EXPECT_THAT(log(id), ElementsAre("created", "started", "delta", "progress", "file", "completed"));
  EXPECT_EQ(store_->events(id, 2, 1).value().at(0).data.at("text"), "");
  const auto refused = try_apply(id, job::Restart{});
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("have been removed"));
}

TEST_P(StoreQueue, RemovesContentsThoughTheClockHasBeenAhead) {
  clock_.advance(100h);
  submit_ended();
  clock_.advance(1h);
  retain({.content_age = 1h});
  clock_.advance(-101h);
  const JobId id = submit_ended();
  retain({.content_age = 1h});
  EXPECT_EQ(get(id).output, "Hello");
  clock_.advance(1h);
  retain({.content_age = 1h});
  EXPECT_EQ(get(id).output, std::nullopt);
}

TEST_P(StoreQueue, CopiesAllOfOneMoment) {
  submit_ended();
  const auto copied = store_->backup({});
  ASSERT_TRUE(copied.has_value()) << copied.error().message;
  submit();
  const auto copy = directory_.path() / "copy";
  std::filesystem::create_directory(copy);
  std::ofstream(copy / "llmspool.db") << (*copied)->rdbuf();
  store_ = GetParam().open(copy, {}, clock_).value();
  EXPECT_EQ(get(1).output, "Hello");
  EXPECT_EQ(store_->get(2).error().code, Code::not_found);
}

TEST_P(StoreQueue, EndsACopyWhereItIsToStop) {
  submit_ended();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(store_->backup(stop.get_token()).error().code, Code::unavailable);
  EXPECT_TRUE(store_->backup({}).has_value()) << "it has left its place";
}

INSTANTIATE_TEST_SUITE_P(Store, StoreQueue, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace llmspool::store
