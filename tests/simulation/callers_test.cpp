// SPDX-License-Identifier: MIT
// What those see and may do who neither own a job nor are administrators.
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using spool::Done;
using spool::Switch;
using std::chrono::seconds;
using testing::IsEmpty;

class CallersScenario : public Scenario {
 protected:
  // A completed job of Alice and one that is held, both of her group "letters".
  void SetUp() override {
    have_answering_backend();
    start();
    completed_ = submit([](auto& submission) { submission.job.group = "letters"; });
    held_ = submit([](auto& submission) {
      submission.job.group = "letters";
      submission.hold = true;
    });
    time_.pass(seconds(1));
  }
  // Nothing: it is not refused.
  template <class T>
  static std::optional<Code> refusal(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error().code);
  }
  // Of what is answered later.
  template <class T>
  std::optional<Code> refusal_of(const std::function<void(Done<T>)>& ask) {
    std::optional<Code> refused;
    ask([&](const Result<T>& result) { refused = refusal(result); });
    time_.pass(seconds(1));
    return refused;
  }

  const spool::Caller bob_{"bob"}, root_{"root", true};
  job::JobId completed_ = 0, held_ = 0;
};

TEST_F(CallersScenario, FindNoJobOfAnother) {
  EXPECT_EQ(refusal(spool_->get(bob_, completed_)), Code::not_found);
}

TEST_F(CallersScenario, CommandNoJobOfAnother) {
  const std::vector<job::Command> commands{job::Cancel{}, job::Release{},
                                           job::Change{.priority = 100}};
  for (const auto& command : commands) {
    const auto refused =
        refusal_of<job::Job>([&](auto done) { spool_->command(bob_, held_, command, done); });
    EXPECT_EQ(refused, Code::not_found) << command.index();
  }
  EXPECT_EQ(status(held_), Status::held);
}

TEST_F(CallersScenario, RunNoJobOfAnotherAgain) {
  const auto refused = refusal_of<job::Job>(
      [&](auto done) { spool_->command(bob_, completed_, job::Restart{}, done); });
  EXPECT_EQ(refused, Code::not_found);
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(CallersScenario, RemoveNoJobOfAnother) {
  const auto refused = refusal_of<void>([&](auto done) { spool_->remove(bob_, completed_, done); });
  EXPECT_EQ(refused, Code::not_found);
  EXPECT_TRUE(store_.get(completed_).has_value());
}

TEST_F(CallersScenario, DoNotCancelAJobOfAnotherByRemovingIt) {
  refusal_of<void>([&](auto done) { spool_->remove(bob_, held_, done); });
  EXPECT_EQ(status(held_), Status::held);
}

TEST_F(CallersScenario, AreToldWhyTheStoreDoesNotRemoveAJob) {
  std::optional<Code> refused;
  store_.fail_next();
  spool_->remove(root_, held_, [&](const auto& removed) { refused = refusal(removed); });
  time_.pass(seconds(1));
  EXPECT_EQ(refused, Code::internal);
  EXPECT_EQ(status(held_), Status::held);
}

TEST_F(CallersScenario, ListNoJobOfAnother) {
  EXPECT_THAT(spool_->list(bob_, {}).value(), IsEmpty());
  EXPECT_THAT(spool_->list(bob_, {.owner = "alice"}).value(), IsEmpty());
}

TEST_F(CallersScenario, ListNoneOfTheirOwnWhereTheyAskForThoseOfAnother) {
  submit({}, "bob");
  EXPECT_THAT(spool_->list(bob_, {.owner = "alice"}).value(), IsEmpty());
}

TEST_F(CallersScenario, SeeNoFileOfAnother) {
  EXPECT_EQ(refusal(spool_->files(bob_, completed_)), Code::not_found);
  EXPECT_EQ(refusal(spool_->file(bob_, completed_, "answer.txt")), Code::not_found);
}

TEST_F(CallersScenario, SeeNoGroupOfAnother) {
  EXPECT_THAT(spool_->groups(bob_, std::nullopt, 10).value(), IsEmpty());
  EXPECT_THAT(spool_->groups(bob_, "alice", 10).value(), IsEmpty());
  EXPECT_EQ(refusal(spool_->group(bob_, "alice", "letters")), Code::not_found);
}

TEST_F(CallersScenario, CancelNoGroupOfAnother) {
  const auto refused =
      refusal_of<void>([&](auto done) { spool_->cancel_group(bob_, "alice", "letters", done); });
  EXPECT_EQ(refused, Code::not_found);
  EXPECT_EQ(status(held_), Status::held);
}

TEST_F(CallersScenario, SeeNothingOfAnotherInWhatComesNext) {
  set_switch(Switch::paused, "", true);
  submit();
  ASSERT_THAT(spool_->upcoming(root_, 10).value(), testing::SizeIs(1));
  EXPECT_THAT(spool_->upcoming(bob_, 10).value(), IsEmpty());
}

TEST_F(CallersScenario, SeeNothingOfAnotherInWhatRuns) {
  submit();
  time_.pass(Milliseconds(50));
  ASSERT_THAT(spool_->upcoming(root_, 10).value(), testing::SizeIs(1));
  EXPECT_THAT(spool_->upcoming(bob_, 10).value(), IsEmpty());
}

TEST_F(CallersScenario, GetAJobOfTheirOwnForAKeyThatAnotherHasUsed) {
  const auto with_key = [](spool::Submission& submission) {
    submission.idempotency_key = "key";
    submission.fingerprint = "request";
  };
  const auto of_alice = submit(with_key);
  EXPECT_NE(submit(with_key, "bob"), of_alice);
}

TEST_F(CallersScenario, SwitchNothing) {
  for (const auto what : {Switch::paused, Switch::rejecting})
    for (const auto* backend_or_all : {"x", ""})
      EXPECT_EQ(refusal_of<void>(
                    [&](auto done) { spool_->set_switch(bob_, what, backend_or_all, true, done); }),
                Code::forbidden);
  EXPECT_THAT(store_.switches().value(), IsEmpty());
}

TEST_F(CallersScenario, TakeNoBackup) {
  EXPECT_EQ(refusal(spool_->backup(bob_)), Code::forbidden);
}

TEST_F(CallersScenario, FindEveryJobAsAdministrators) {
  EXPECT_TRUE(spool_->get(root_, completed_).has_value());
}

TEST_F(CallersScenario, CommandEveryJobAsAdministrators) {
  spool_->command(root_, held_, job::Cancel{}, [](const auto&) {});
  time_.pass(seconds(1));
  EXPECT_EQ(status(held_), Status::cancelled);
}

}  // namespace
}  // namespace llmspool::simulation
