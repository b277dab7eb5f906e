// SPDX-License-Identifier: MIT
// The Store's promises on submits and commands: durable, in order, whole or not at all.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "harness.hpp"

namespace llmspool::store {
namespace {

using job::Job;
using job::JobId;
using job::Status;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, GivesASubmittedJobItsIdAndItsFirstEvent) {
  const Submitted submitted = try_submit(prompt()).value();
  EXPECT_FALSE(submitted.replayed);
  EXPECT_EQ(submitted.applied.job.id, 1);
  EXPECT_EQ(submitted.applied.job.status, Status::pending);
  EXPECT_EQ(submitted.applied.job.created_at, clock_.now());
  EXPECT_THAT(submitted.applied.events,
              ElementsAre(AllOf(Field(&job::Event::type, "created"), Field(&job::Event::seq, 1),
                                Field(&job::Event::job_id, 1))));
  EXPECT_THAT(log(1), ElementsAre("created"));
  EXPECT_EQ(submit().id, 2);
}

// A job in which nothing has its usual value.
Submission unusual() {
  Submission submission{.job = {.owner = "alice", .pipeline = "application"}, .hold = true};
  Job& job = submission.job;
  job.backends = {"echo", "ollama"};
  job.model = "tiny-cv";
  job.priority = 70;
  job.labels = {{"batch", "spring"}, {"", "ü\"\\"}};
  job.max_attempts = 0;
  job.timeout_seconds = 0;
  job.not_before = Time(1ms);
  job.deadline = Time(9'000'000'000'000ms);
  job.hoisted = {{"ats_score", 87}};
  submission.request.messages = {{"system", "Be brief."}, {"user", std::string("a\0b\xff", 4)}};
  submission.request.inputs = {{"cv", "# CV"}, {"empty", ""}};
  submission.request.params = {{"temperature", 0.5}, {"stop", {"a", "b"}}, {"nothing", nullptr}};
  submission.request.optimizers = {{"redact", {{"strict", true}}}};
  return submission;
}

TEST_P(StoreContract, KeepsEverythingAcrossAReopening) {
  const Submission submission = unusual();
  const JobId id = submit(submission).id;
  apply(id, job::Release{});
  claim();
  job::FinishStep finish{.progress = 40};
  finish.result = {"match", true, "text", {{"score", 1}}, {3, 4}};
  finish.files = {{"cv.md", "cv", "text/markdown", "# CV"}};
  apply(id, finish);
  const Job before = apply(id, job::Retry{{"timeout", "Slow.", "match"}, 0ms, "echo"}).job;
  reopen();

  EXPECT_THAT(log(id), ElementsAre("created", "released", "started", "progress", "file", "failed"));
  const Job after = get(id);
  EXPECT_EQ(to_json(after), to_json(before));
  EXPECT_EQ(after.backends, before.backends);
  EXPECT_EQ(after.timeout_seconds, before.timeout_seconds);
  EXPECT_EQ(after.interruptions, before.interruptions);
  EXPECT_EQ(after.fence, before.fence);

  apply(id, job::Restart{});
  const Claimed again = claim().value();
  EXPECT_THAT(again.finished, IsEmpty());
  EXPECT_EQ(again.request.messages.at(1).content, submission.request.messages[1].content);
  EXPECT_EQ(again.request.inputs, submission.request.inputs);
  EXPECT_EQ(again.request.params, submission.request.params);
  EXPECT_EQ(again.request.optimizers.at(0).name, "redact");
  EXPECT_EQ(again.request.optimizers.at(0).params, submission.request.optimizers[0].params);
}

TEST_P(StoreContract, TakesParamsAsDeepAsClientsMayNest) {
  Submission submission = prompt();
  boost::json::value deep = 1;
  for (int level = 0; level < 40; ++level) deep = boost::json::object{{"deeper", deep}};
  submission.request.params = deep.as_object();
  submit(submission);
  EXPECT_EQ(claim().value().request.params, deep.as_object());
}

// A process that dies in the very moment of an answer has not lost what was answered.
TEST_P(StoreContract, HasStoredAJobBeforeItAnswers) {
  store_.reset();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    open();
    for (int i = 0; i < 100; ++i) {
      store_->submit(prompt(), [&](const Result<Submitted>& submitted) {
        const JobId id = submitted.value().applied.job.id;
        if (write(ends[1], &id, sizeof id) != sizeof id || id == 30) kill(getpid(), SIGKILL);
      });
    }
    for (;;) pause();
  }
  close(ends[1]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  open();
  JobId last = 0;
  for (JobId id = 0; read(ends[0], &id, sizeof id) == sizeof id; last = id)
    EXPECT_THAT(log(id), ElementsAre("created"));
  close(ends[0]);
  EXPECT_EQ(last, 30);
}

TEST_P(StoreContract, AnswersEverythingInTheOrderOfTheCallsBeforeItEnds) {
  std::vector<JobId> answered;
  for (int i = 0; i < 500; ++i) {
    store_->submit(prompt(), [&](const Result<Submitted>& submitted) {
      answered.push_back(submitted.value().applied.job.id);
    });
  }
  store_.reset();
  EXPECT_THAT(answered, SizeIs(500));
  EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end()));
  reopen();
  EXPECT_EQ(store_->counts().value().pending, 500);
}

TEST_P(StoreContract, TakesCallsFromWithinAnAnswer) {
  std::promise<Status> status;
  store_->submit(prompt(), [&](const Result<Submitted>& submitted) {
    const JobId id = submitted.value().applied.job.id;
    EXPECT_TRUE(store_->get(id).has_value());
    store_->apply(id, {}, {job::Hold{}},
                  [&](const Result<Applied>& held) { status.set_value(held.value().job.status); });
  });
  EXPECT_EQ(status.get_future().get(), Status::held);
}

TEST_P(StoreContract, AppliesACommandAndKeepsItsEvents) {
  const JobId id = submit().id;
  const Applied held = apply(id, job::Hold{});
  EXPECT_EQ(held.job.status, Status::held);
  EXPECT_THAT(held.others, IsEmpty());
  EXPECT_THAT(log(id), ElementsAre("created", "held"));
  EXPECT_EQ(to_json(get(id)), to_json(held.job));
}

TEST_P(StoreContract, AppliesAllCommandsOrNone) {
  const JobId id = submit().id;
  claim();
  const auto together = [&](std::vector<job::Command> commands) {
    return await<Applied>([&](auto done) { store_->apply(id, {}, commands, std::move(done)); });
  };
  job::FinishStep finish{.progress = 90};
  finish.result = {.step = "answer", .text = "Hello"};
  finish.files = {{"answer.txt", "other", "text/plain", "Hello"}};
  EXPECT_EQ(together({job::Append{"answer", "He"}, finish, job::Release{}}).error().code,
            Code::conflict);
  EXPECT_THAT(log(id), ElementsAre("created", "started"));
  EXPECT_THAT(store_->files(id).value(), IsEmpty());

  const Applied done =
      together({job::Append{"answer", "Hello"}, finish, job::Complete{"Hello"}}).value();
  EXPECT_EQ(done.job.status, Status::completed);
  EXPECT_THAT(done.events, SizeIs(4));
  EXPECT_THAT(log(id), ElementsAre("created", "started", "delta", "progress", "file", "completed"));
  EXPECT_EQ(get(id).output, "Hello");
}

TEST_P(StoreContract, WritesNothingWhereNothingChanges) {
  const JobId id = submit().id;
  EXPECT_THAT(apply(id, job::Release{}).events, IsEmpty());
  EXPECT_EQ(try_apply(id, job::Complete{}).error().code, Code::conflict);
  EXPECT_EQ(try_apply(id + 1, job::Cancel{}).error().code, Code::not_found);
  EXPECT_FALSE(try_apply(id, job::Start{"echo"}).has_value());
  EXPECT_THAT(log(id), ElementsAre("created"));
}

TEST_P(StoreContract, RefusesOneChangeOfACommitAlone) {
  const JobId id = submit().id;
  auto release = stall();
  std::vector<bool> accepted;
  const auto note = [&](const auto& result) { accepted.push_back(result.has_value()); };
  store_->apply(id, {}, {job::Hold{}}, note);
  store_->apply(id, {}, {job::Complete{}}, note);
  store_->apply(id, {}, {job::Release{}}, note);
  store_->remove(id, note);
  store_->submit(prompt(), note);
  release.set_value();
  submit();
  EXPECT_THAT(accepted, ElementsAre(true, false, true, false, true));
  EXPECT_THAT(log(id), ElementsAre("created", "held", "released"));
}

TEST_P(StoreContract, RefusesMoreWaitingJobsThanItMayHold) {
  open({.waiting_max = 2});
  const JobId first = submit().id;
  Submission held = prompt();
  held.hold = true;
  submit(held);
  const auto refused = try_submit(prompt());
  EXPECT_EQ(refused.error().code, Code::queue_full);
  EXPECT_THAT(refused.error().message, HasSubstr("2 jobs are waiting"));
  apply(first, job::Cancel{});
  EXPECT_EQ(submit().id, 3);
  EXPECT_EQ(try_submit(prompt()).error().code, Code::queue_full);
}

// Idempotency ------------------------------------------------------------------------------------

Submission keyed(Submission submission, std::string key, std::string fingerprint) {
  submission.idempotency_key = std::move(key);
  submission.fingerprint = std::move(fingerprint);
  return submission;
}

TEST_P(StoreContract, GivesTheFirstJobForAKnownKey) {
  const JobId id = submit(keyed(prompt(), "k", "f")).id;
  apply(id, job::Hold{});
  const Submitted again = try_submit(keyed(prompt(), "k", "f")).value();
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.applied.job.id, id);
  EXPECT_EQ(again.applied.job.status, Status::held);
  EXPECT_THAT(again.applied.events, IsEmpty());
  EXPECT_NE(submit(keyed(prompt(), "other", "f")).id, id);
  EXPECT_NE(submit(keyed(prompt("bob"), "k", "g")).id, id);
  reopen();
  EXPECT_TRUE(try_submit(keyed(prompt(), "k", "f")).value().replayed);
}

TEST_P(StoreContract, RefusesAKnownKeyForAnotherRequest) {
  submit(keyed(prompt(), "k", "f"));
  const auto refused = try_submit(keyed(prompt(), "k", "g"));
  EXPECT_EQ(refused.error().code, Code::unprocessable);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("'k'"), HasSubstr("job 1")));
}

TEST_P(StoreContract, ReplaysAKeyWithinOneCommitAndWhenTheQueueIsFull) {
  open({.waiting_max = 1});
  auto release = stall();
  std::vector<std::pair<JobId, bool>> answers;
  for (int i = 0; i < 2; ++i) {
    store_->submit(keyed(prompt(), "k", "f"), [&](const Result<Submitted>& submitted) {
      answers.emplace_back(submitted.value().applied.job.id, submitted.value().replayed);
    });
  }
  release.set_value();
  EXPECT_EQ(submit(keyed(prompt(), "k", "f")).id, 1);
  EXPECT_THAT(answers, ElementsAre(std::pair(1, false), std::pair(1, true)));
}

TEST_P(StoreContract, ForgetsAKeyAfterADay) {
  EXPECT_EQ(submit(keyed(prompt(), "k", "f")).id, 1);
  clock_.advance(24h - 1ms);
  EXPECT_EQ(submit(keyed(prompt(), "k", "f")).id, 1);
  clock_.advance(1ms);
  EXPECT_EQ(submit(keyed(prompt(), "k", "g")).id, 2);
}

TEST_P(StoreContract, KeepsAKeyThoughItsJobIsRemoved) {
  const JobId id = submit(keyed(prompt(), "k", "f")).id;
  apply(id, job::Cancel{});
  EXPECT_TRUE(try_remove(id).has_value());
  const auto refused = try_submit(keyed(prompt(), "k", "f"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("job 1, which has been removed"));
  clock_.advance(24h);
  EXPECT_EQ(submit(keyed(prompt(), "k", "f")).id, 2);
}

}  // namespace
}  // namespace llmspool::store
