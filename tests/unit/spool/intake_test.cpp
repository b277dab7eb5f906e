// SPDX-License-Identifier: MIT
#include "spool/intake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/limits.hpp"

namespace llmspool::spool {
namespace {

using testing::HasSubstr;

class IntakeTest : public testing::Test {
 protected:
  static config::Config config() {
    config::Config config;
    config.plugins.directories = {std::string(LLMSPOOL_BUILD_DIR) + "/plugins"};
    config.queue.default_backend = "echo";
    return config;
  }
  static Submission prompt() {
    Submission submission;
    submission.request.messages = {{"user", "hello"}};
    return submission;
  }
  Result<store::Submission> take(Submission submission) const {
    return take_in({"alice", false}, std::move(submission), *plugins_, pipelines_, 1000, kNow);
  }
  // The field that is wrong.
  std::string wrong_field(Submission submission) const {
    const auto taken = take(std::move(submission));
    return taken || taken.error().fields.empty() ? "" : taken.error().fields.front().field;
  }

  static constexpr Time kNow{std::chrono::hours(500'000)};
  const std::unique_ptr<plugin::Registry> plugins_ = *plugin::Registry::load(config());
  const pipeline::Library pipelines_ = *pipeline::Library::load(
      {std::string(LLMSPOOL_SOURCE_DIR) + "/etc/pipelines"}, plugins_->optimizer_names());
};

TEST_F(IntakeTest, GivesTheJobItsOwnerAndItsBackend) {
  const auto taken = take(prompt());
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->job.owner, "alice");
  EXPECT_EQ(taken->job.backend, "echo");
  EXPECT_EQ(taken->job.backends, std::vector<std::string>{"echo"});
}

TEST_F(IntakeTest, NamesWhatIsWrongWithAPipelinesParams) {
  pipeline::Definition definition;
  definition.name = "mine";
  definition.steps.resize(2);
  auto& draft = definition.steps[0];
  auto& match = definition.steps[1];
  draft.name = "draft";
  match.name = "match";
  match.kind = pipeline::Step::Kind::optimize;
  match.optimizer = "ats";
  const auto wrong = [&] {
    auto submission = prompt();
    submission.job.pipeline = "mine";
    const auto taken = take_in({"alice", false}, std::move(submission), *plugins_,
                               pipeline::Library::of({definition}), 1000, kNow);
    return taken ? "" : taken.error().fields.at(0).field;
  };
  EXPECT_EQ(wrong(), "");
  draft.params = {{"tempratur", 1}};
  EXPECT_EQ(wrong(), "pipeline.mine.steps.draft.params.tempratur");
  draft.params = {};
  match.params = {{"stall_seconds", 1}};
  EXPECT_EQ(wrong(), "pipeline.mine.steps.match.params.stall_seconds");
}

TEST_F(IntakeTest, NamesTheFieldThatIsWrong) {
  auto backend = prompt();
  backend.job.backends = {"gpu"};
  EXPECT_EQ(wrong_field(backend), "backend");

  auto model = prompt();
  model.job.model = "gpt";
  EXPECT_EQ(wrong_field(model), "model");

  auto params = prompt();
  params.request.params = {{"temperature", "hot"}};
  EXPECT_EQ(wrong_field(params), "params.temperature");

  auto optimizer = prompt();
  optimizer.request.optimizers = {{"magic", {}}};
  EXPECT_EQ(wrong_field(optimizer), "optimizers[0].name");

  auto pipeline = prompt();
  pipeline.job.pipeline = "magic";
  EXPECT_EQ(wrong_field(pipeline), "pipeline");

  auto deadline = prompt();
  deadline.job.deadline = kNow;
  EXPECT_EQ(wrong_field(deadline), "deadline");

  auto later = prompt();
  later.job.not_before = kNow + limits::kDelayMax + Milliseconds(1);
  EXPECT_EQ(wrong_field(later), "not_before");
}

TEST_F(IntakeTest, TakesAStartUpToTheLongestDelay) {
  auto later = prompt();
  later.job.not_before = kNow + limits::kDelayMax;
  EXPECT_TRUE(take(later));
}

TEST_F(IntakeTest, TakesADelayUpToTheLongest) {
  auto later = prompt();
  later.delay_seconds = limits::kDelayMax.count();
  EXPECT_TRUE(take(later));
  later.delay_seconds = limits::kDelayMax.count() + 1;
  EXPECT_EQ(wrong_field(later), "not_before");
}

TEST_F(IntakeTest, TakesADeadlineThatIsAMillisecondAhead) {
  auto urgent = prompt();
  urgent.job.deadline = kNow + Milliseconds(1);
  EXPECT_TRUE(take(urgent));
}

TEST_F(IntakeTest, RefusesAStartThatIsNotBeforeTheDeadline) {
  auto never = prompt();
  never.delay_seconds = 90;
  never.job.deadline = kNow + std::chrono::seconds(90);
  EXPECT_EQ(wrong_field(never), "not_before");
  never.job.deadline = kNow + std::chrono::seconds(91);
  EXPECT_TRUE(take(never));
}

TEST_F(IntakeTest, SaysWhatThereIsInstead) {
  auto submission = prompt();
  submission.job.backends = {"gpu"};
  EXPECT_THAT(take(submission).error().message, HasSubstr("echo"));
}

TEST_F(IntakeTest, TurnsADelayIntoATime) {
  auto submission = prompt();
  submission.delay_seconds = 90;
  EXPECT_EQ(take(submission)->job.not_before, kNow + std::chrono::seconds(90));
  submission.job.not_before = kNow;
  EXPECT_EQ(wrong_field(submission), "delay_seconds");
}

TEST_F(IntakeTest, BoundsTheTextsOfAPromptAndOfAPipelineAlike) {
  const auto with = [&](std::size_t size) {
    Submission prompt_of_it, form;
    prompt_of_it.request.messages = {{"user", std::string(size, 'x')}};
    form.job.pipeline = "application";
    form.request.inputs = {{"cv", std::string(size - 1, 'x')}, {"job_description", "x"}};
    return std::array{take(std::move(prompt_of_it)), take(std::move(form))};
  };
  for (const auto& taken : with(1000)) EXPECT_TRUE(taken) << taken.error().message;
  for (const auto& taken : with(1001)) EXPECT_EQ(taken.error().code, Code::too_large);
}

TEST_F(IntakeTest, FindsThePipelineOfAForm) {
  Submission form;
  form.choose_pipeline = true;
  form.request.inputs = {{"cv_file", "me"}, {"job_desc_file", "it"}};
  const auto taken = take(form);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->job.pipeline, "application");
  EXPECT_EQ(taken->request.inputs.at("cv"), "me");
  form.request.inputs.erase("cv_file");
  EXPECT_EQ(wrong_field(form), "pipeline");
}

TEST_F(IntakeTest, WithoutAnyBackendNothingIsTaken) {
  const auto none = plugin::Registry::load({});
  const auto taken = take_in({"alice", false}, prompt(), **none, pipelines_, 1000, kNow);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::unavailable);
}

}  // namespace
}  // namespace llmspool::spool
