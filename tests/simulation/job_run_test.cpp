// SPDX-License-Identifier: MIT
// One job's run where it takes long, or where an optimizer has its part in it.
#include <llmspool/plugin.h>

#include "base/limits.hpp"
#include "scenario.hpp"

namespace llmspool::simulation {
namespace {

using job::Status;
using plugin::Ending;
using plugin::Generate;
using plugin::GenerateRequest;
using plugin::OptimizeResult;
using plugin::Sink;
using plugin::Verdict;
using spool::Circuit;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class JobRunScenario : public Scenario {
 protected:
  // Writes a word a second, 20 in all, to a prompt of 100 tokens.
  Ending write_slowly(Sink& sink) {
    for (std::uint64_t word = 1; word <= 20 && !sink.cancelled(); ++word) {
      time_.sleep(seconds(1));
      sink.emit("word ");
      sink.usage(100, word);
    }
    return {};
  }
  // Seconds from the start of each attempt to that of the next.
  std::vector<double> pauses() const {
    std::vector<double> all;
    for (std::size_t i = 1; i < asked_.size(); ++i)
      all.push_back(std::chrono::duration<double>(asked_[i].at - asked_[i - 1].at).count());
    return all;
  }
  static void be_impatient(job::Job& job) {
    job.first_token_timeout_seconds = 10;
    job.token_timeout_seconds = 5;
  }
  // A job whose optimizer has the backend write so much for it.
  job::JobId submit_with_draft_of(std::size_t bytes) {
    have_backend([this, bytes](const GenerateRequest&, Sink& sink) {
      if (asked_.size() > 1) return say(sink);
      sink.emit(std::string(bytes, 'x'));
      return Ending{};
    });
    have_optimizer([](const Generate& generate, OptimizeResult&) {
      return generate("Hello", [](std::string_view) {});
    });
    start();
    return submit_optimized();
  }
  // A job whose prompt an optimizer makes so long.
  job::JobId submit_prolonged_to(std::size_t bytes) {
    have_answering_backend();
    have_optimizer([bytes](const Generate&, OptimizeResult& result) {
      result.documents["text"] = std::string(bytes, 'x');
      return Ending{};
    });
    start();
    return submit_optimized();
  }
  // It has only one step by now, which says its only input.
  void change_chain(const std::string& input, const std::string& aliases = {}) {
    have_pipeline("name = 'chain'\n[[inputs]]\nname = '" + input + "'\naliases = [" + aliases +
                  "]\nrequired = true\n[[steps]]\nname = 'only'\ngenerate = 'Say {{ inputs." +
                  input + " }}'\n[[outputs]]\nfile = 'a.txt'\ncontent = '{{ steps.only.text }}'\n");
  }
  job::JobId submit_optimized(const std::function<void(job::Job&)>& change = {}) {
    return submit([&](auto& submission) {
      submission.request.optimizers = {{"opt", {}}};
      submission.job.max_attempts = 1;
      if (change) change(submission.job);
    });
  }
};

TEST_F(JobRunScenario, DoesNotBlameTheBackendForAnOptimizer) {
  int calls = 0;
  have_backend([&](const GenerateRequest&, Sink& sink) {
    ++calls;
    return say(sink);
  });
  have_optimizer([](const Generate&, OptimizeResult&) { return failure(); });
  start({{"x", fragile()}});
  const auto failed = submit_optimized();
  time_.pass(seconds(1));
  EXPECT_EQ(status(failed), Status::failed);
  EXPECT_EQ(job(failed).failure->code, "optimizer_failed");
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(JobRunScenario, PausesTwiceAsLongAfterEachAttempt) {
  have_backend([](const GenerateRequest&, Sink&) { return failure(Verdict::retry_later); });
  start();
  submit([](auto& submission) { submission.job.max_attempts = 4; });
  time_.pass(minutes(1));
  // Chance takes an eighth off here.
  EXPECT_THAT(pauses(),
              ElementsAre(DoubleNear(0.875, 0.05), DoubleNear(1.75, 0.05), DoubleNear(3.5, 0.05)));
}

TEST_F(JobRunScenario, AsksTheBackendWithWhatTheOptimizerHasMadeOfThePrompt) {
  have_answering_backend();
  have_optimizer([](const Generate&, OptimizeResult& result) {
    result.documents["text"] = "Hello, please";
    return Ending{};
  });
  start();
  submit_optimized();
  time_.pass(seconds(1));
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_.front().request.messages.back().content, "Hello, please");
}

TEST_F(JobRunScenario, GivesTheBackendTheJobsParamsWhoeverAsksIt) {
  have_answering_backend();
  have_optimizer(generate_with);
  start();
  submit_to_pipeline("polish",
                     [](auto& submission) { submission.request.params = {{"max_tokens", 5}}; });
  time_.pass(seconds(1));
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_[0].request.params,
            (boost::json::object{{"temperature", 0.5}, {"max_tokens", 5}}));
  EXPECT_EQ(asked_[1].request.params, (boost::json::object{{"max_tokens", 5}}));
}

TEST_F(JobRunScenario, CountsNoSilenceWhileTheBackendWaitsForItsOtherWork) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    sink.progress(LLMSPOOL_PHASE_WAIT, 0, 0);
    time_.sleep(minutes(2));
    sink.progress(LLMSPOOL_PHASE_LOAD, 0, 0);
    time_.sleep(seconds(9));
    return say(sink);
  });
  start();
  const auto id = submit([](auto& submission) { be_impatient(submission.job); });
  time_.pass(minutes(3));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(JobRunScenario, CountsNoSilenceBeforeAWaitThatIsOverBetweenTwoLooks) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    time_.sleep(Milliseconds(200));
    sink.progress(LLMSPOOL_PHASE_WAIT, 0, 0);
    time_.sleep(seconds(2));
    sink.progress(LLMSPOOL_PHASE_LOAD, 0, 0);
    time_.sleep(seconds(9));
    return say(sink);
  });
  start();
  const auto id = submit([](auto& submission) { submission.job.first_token_timeout_seconds = 10; });
  time_.pass(minutes(1));
  EXPECT_THAT(job(id).failures, IsEmpty());
}

TEST_F(JobRunScenario, GoesToAnotherBackendWhereItsStepWaitsTooLong) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    sink.progress(LLMSPOOL_PHASE_WAIT, 0, 0);
    return fall_silent(sink);
  });
  have_answering_backend("other");
  start({{"x", fragile()}});
  const auto id = submit([](auto& submission) {
    submission.job.backends = {"x", "other"};
    submission.job.step_timeout_seconds = 5;
  });
  time_.pass(seconds(10));
  EXPECT_EQ(status(id), Status::completed);
  EXPECT_EQ(backend().circuit, Circuit::State::closed) << "it was not asked yet";
}

TEST_F(JobRunScenario, TellsSoonWhatIsToldOnlyOnce) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    time_.sleep(Milliseconds(30));
    sink.progress(LLMSPOOL_PHASE_WAIT, 0, 0);
    return fall_silent(sink);
  });
  start();
  const auto id = submit();
  time_.pass(seconds(1));
  EXPECT_THAT(job(id).message, HasSubstr("waiting for other jobs of the backend"));
}

TEST_F(JobRunScenario, StoresWhatWasSaidWhileTheDiskFailed) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    sink.emit("Hello ");
    time_.sleep(Milliseconds(200));
    return say(sink, "world");
  });
  start();
  const auto id = submit();
  time_.pass(Milliseconds(5));
  store_.fail_next(seconds(1));  // the first word
  time_.pass(seconds(10));
  EXPECT_EQ(job(id).output, "Hello world");
}

TEST_F(JobRunScenario, FailsAJobThatLacksWhatItsPipelineNowRequires) {
  have_answering_backend();
  start();
  const auto id = submit_chain([](auto& submission) { submission.delay_seconds = 1; });
  change_chain("tone");
  time_.pass(seconds(5));
  EXPECT_THAT(job(id).failure.value().detail, HasSubstr("'chain' now requires the input 'tone'"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(JobRunScenario, TakesAnInputThatHasBeenRenamed) {
  have_answering_backend();
  start();
  const auto id = submit_chain([](auto& submission) { submission.delay_seconds = 1; });
  change_chain("letter", "'text'");
  time_.pass(seconds(5));
  EXPECT_EQ(status(id), Status::completed);
  EXPECT_EQ(asked_.front().request.messages.back().content, "Say Hello");
}

TEST_F(JobRunScenario, BlamesABackendThatThrows) {
  have_backend(
      [&](const GenerateRequest&, Sink&) -> Ending { throw std::runtime_error("It is broken."); });
  start({{"x", fragile()}});
  const auto failed = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(job(failed).failure->code, "backend_failed");
  EXPECT_EQ(backend().circuit, Circuit::State::open);
}

TEST_F(JobRunScenario, OutlivesABackendThatThrowsWhatIsNoException) {
  have_backend([&](const GenerateRequest&, Sink&) -> Ending { throw 42; });
  start();
  const auto failed = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(job(failed).failure->code, "backend_failed");
  EXPECT_EQ(job(failed).failure->detail, "The plugin threw what is no exception.");
}

TEST_F(JobRunScenario, LetsAnOptimizerSeeNoExceptionOfTheBackend) {
  have_backend([&](const GenerateRequest&, Sink&) -> Ending { throw 42; });
  have_optimizer([](const Generate& generate, OptimizeResult& result) {
    Ending ending;
    EXPECT_NO_THROW(ending = generate_with(generate, result));
    return ending;
  });
  start();
  const auto failed = submit_optimized();
  time_.pass(seconds(1));
  EXPECT_EQ(job(failed).failure->code, "backend_failed");
}

TEST_F(JobRunScenario, BlamesTheBackendThatFailsAnOptimizer) {
  have_backend([&](const GenerateRequest&, Sink&) { return failure(); });
  have_optimizer(generate_with);
  start({{"x", fragile()}});
  const auto failed = submit_optimized();
  time_.pass(seconds(1));
  EXPECT_EQ(job(failed).failure->code, "backend_failed");
  EXPECT_EQ(backend().circuit, Circuit::State::open);
}

TEST_F(JobRunScenario, TellsWhatTheBackendNeedsThoughAnOptimizerKeepsItToItself) {
  have_backend([&](const GenerateRequest&, Sink&) -> Ending {
    return {.verdict = Verdict::credentials_needed,
            .message = "The key is missing.",
            .credential = "x.key"};
  });
  have_optimizer([](const Generate& generate, OptimizeResult& result) -> Ending {
    return {.verdict = generate_with(generate, result).verdict, .message = "It did not work."};
  });
  start();
  submit_optimized();
  time_.pass(seconds(1));
  EXPECT_EQ(backend().stopped_reason, "The secret 'x.key' is needed: The key is missing.");
}

TEST_F(JobRunScenario, HoldsAJobWhoseOptimizerNeedsAPerson) {
  have_answering_backend();
  have_optimizer([](const Generate&, OptimizeResult&) { return failure(Verdict::stop_queue); });
  start();
  const auto held = submit_optimized();
  time_.pass(seconds(1));
  EXPECT_EQ(status(held), Status::held);
  EXPECT_EQ(job(held).message, "It is down.");
  EXPECT_EQ(backend().stopped_reason, "");
}

TEST_F(JobRunScenario, HearsWhatIsWrittenForAnOptimizer) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return write_slowly(sink); });
  have_optimizer(generate_with);
  start();
  const auto id = submit_optimized(be_impatient);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(JobRunScenario, CountsNoSilenceWhileAnOptimizerThinks) {
  have_answering_backend();
  have_optimizer([&](const Generate& generate, OptimizeResult& result) {
    time_.sleep(seconds(20));
    auto ending = generate_with(generate, result);
    time_.sleep(seconds(20));
    return ending;
  });
  start();
  const auto id = submit_optimized(be_impatient);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(JobRunScenario, ListensToNoAnswerWithoutEndForAnOptimizer) {
  std::size_t heard = 0;
  have_backend([](const GenerateRequest&, Sink& sink) {
    const std::string piece(std::size_t{1024} * 1024, 'x');
    for (int i = 0; i < 100 && !sink.cancelled(); ++i) sink.emit(piece);
    return Ending{};
  });
  have_optimizer([&](const Generate& generate, OptimizeResult&) {
    return generate("Hello", [&](std::string_view text) { heard += text.size(); });
  });
  start();
  const auto id = submit_optimized();
  time_.pass(minutes(1));
  EXPECT_EQ(heard, limits::kAnswerBytesMax);
  EXPECT_THAT(job(id).failure.value().detail, HasSubstr("16 MiB"));
  EXPECT_EQ(job(id).failure->code, "backend_failed");
}

TEST_F(JobRunScenario, ListensToAsLongAnAnswerForAnOptimizerAsAStepMayWrite) {
  const auto id = submit_with_draft_of(limits::kAnswerBytesMax);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(JobRunScenario, FailsAJobWhoseOptimizerIsWrittenAByteTooMuch) {
  const auto id = submit_with_draft_of(limits::kAnswerBytesMax + 1);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::failed);
}

TEST_F(JobRunScenario, TakesAsLongATextOfAnOptimizerAsAStepMayWrite) {
  const auto id = submit_prolonged_to(limits::kAnswerBytesMax);
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::completed);
}

TEST_F(JobRunScenario, StoresNoTextWithoutEndOfAnOptimizer) {
  const auto id = submit_prolonged_to(limits::kAnswerBytesMax + 1);
  time_.pass(minutes(1));
  EXPECT_THAT(job(id).failure.value().detail, HasSubstr("16 MiB"));
  EXPECT_EQ(job(id).failure->code, "optimizer_failed");
}

TEST_F(JobRunScenario, AsksNoBackendForAStepThatIsNotWaitedForAnyMore) {
  have_answering_backend();
  have_optimizer([&](const Generate& generate, OptimizeResult& result) {
    time_.sleep(seconds(20));  // deaf to being cancelled
    return generate_with(generate, result);
  });
  start();
  const auto id = submit_optimized([](job::Job& job) { job.timeout_seconds = 10; });
  time_.pass(minutes(1));
  EXPECT_EQ(job(id).failure->code, "timeout");
  EXPECT_THAT(asked_jobs(), IsEmpty());
}

TEST_F(JobRunScenario, DoesNotBlameTheBackendForAnOptimizerThatTakesTooLong) {
  have_answering_backend();
  have_optimizer([&](const Generate& generate, OptimizeResult& result) {
    auto ending = generate_with(generate, result);
    time_.sleep(hours(1));
    return ending;
  });
  auto rules = fragile();
  rules.step_timeout = seconds(30);
  start({{"x", rules}});
  const auto id = submit_optimized();
  time_.pass(minutes(1));
  EXPECT_EQ(job(id).failure->code, "timeout");
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(JobRunScenario, EndsAnAttemptWhoseBackendIsSilentForAnOptimizer) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  have_optimizer(generate_with);
  start();
  const auto id = submit_optimized([](job::Job& job) { job.first_token_timeout_seconds = 10; });
  time_.pass(minutes(1));
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_EQ(job(id).failure->detail, "The backend wrote nothing within 10 s.");
  EXPECT_LT(*job(id).completed_at - *job(id).started_at, seconds(11));
}

TEST_F(JobRunScenario, BlamesTheBackendForTimeoutsOfItsOwnAlone) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  auto rules = fragile();
  rules.first_token_timeout = seconds(100);
  start({{"x", rules}});
  submit([](auto& submission) {
    submission.job.first_token_timeout_seconds = 10;
    submission.job.max_attempts = 1;
  });
  time_.pass(minutes(1));
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
  submit([](auto& submission) { submission.job.max_attempts = 1; });
  time_.pass(seconds(102));
  EXPECT_EQ(backend().circuit, Circuit::State::open);
}

TEST_F(JobRunScenario, CountsTheTokensOfAllGenerations) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return write_slowly(sink); });
  have_optimizer(generate_with);
  start();
  const auto id = submit_optimized();
  time_.pass(minutes(2));
  EXPECT_EQ(job(id).usage.prompt_tokens, 200);
  EXPECT_EQ(job(id).usage.completion_tokens, 40);
}

TEST_F(JobRunScenario, KeepsNothingOfAJobThatHasEnded) {
  have_answering_backend();
  config::Backend rules;
  rules.step_timeout = hours(24);
  start({{"x", rules}});
  const auto before = time_.to_come();
  const auto id = submit([](auto& submission) { submission.job.timeout_seconds = 86'400; });
  time_.pass(minutes(1));
  ASSERT_EQ(status(id), Status::completed);
  EXPECT_EQ(time_.to_come(), before);  // no timer that holds its answer
}

TEST_F(JobRunScenario, EndsAJobAtItsTimeout) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  start();
  const auto id = submit([](auto& submission) { submission.job.timeout_seconds = 100; });
  time_.pass(seconds(99));
  EXPECT_EQ(status(id), Status::processing);
  time_.pass(seconds(2));
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_EQ(job(id).failure->code, "timeout");
}

TEST_F(JobRunScenario, BeginsNoStepThatWaitsWhenTheDaemonStops) {
  int calls = 0;
  have_backend([&](const GenerateRequest&, Sink& sink) {
    ++calls;
    return say(sink);
  });
  config::Backend rules;
  rules.requests_per_minute = 1;
  start({{"x", rules}});
  const auto id = submit_chain();
  time_.pass(seconds(1));
  bool at_rest = false;
  spool_->stop(minutes(5), [&] { at_rest = true; });
  time_.pass(minutes(2));
  EXPECT_TRUE(at_rest);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(status(id), Status::pending);
}

TEST_F(JobRunScenario, BlamesTheBackendForASilenceLongerThanItsOwnTimeout) {
  have_backend([&](const GenerateRequest&, Sink& sink) { return fall_silent(sink); });
  auto rules = fragile();
  rules.first_token_timeout = seconds(10);
  start({{"x", rules}});
  submit([](auto& submission) {
    submission.job.first_token_timeout_seconds = 20;
    submission.job.max_attempts = 1;
  });
  time_.pass(seconds(22));
  EXPECT_EQ(backend().circuit, Circuit::State::open);
}

TEST_F(JobRunScenario, EndsAnAttemptWhoseBackendFallsSilentAmidItsAnswer) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    say(sink);
    return fall_silent(sink);
  });
  start();
  const auto id = submit([](auto& submission) {
    be_impatient(submission.job);
    submission.job.max_attempts = 1;
  });
  time_.pass(seconds(8));
  EXPECT_EQ(job(id).failure.value().detail, "The backend fell silent for more than 5 s.");
}

TEST_F(JobRunScenario, DoesNotBlameABackendForWhatItSaysWhenItIsCancelled) {
  have_backend([&](const GenerateRequest&, Sink& sink) {
    fall_silent(sink);
    return failure();
  });
  start({{"x", fragile()}});
  const auto id = submit();
  time_.pass(seconds(1));
  spool_->command({"alice"}, id, job::Cancel{}, [](const auto&) {});
  time_.pass(seconds(3));
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(JobRunScenario, DoesNotBlameABackendForAnAnswerWithoutEnd) {
  have_backend([](const GenerateRequest&, Sink& sink) {
    const std::string piece(std::size_t{512} * 1024, 'x');
    for (int i = 0; i < 100 && !sink.cancelled(); ++i) sink.emit(piece);
    return Ending{};
  });
  have_optimizer(generate_with);
  start({{"x", fragile()}});
  const auto id = submit_optimized();
  time_.pass(minutes(1));
  ASSERT_EQ(status(id), Status::failed);
  EXPECT_EQ(backend().circuit, Circuit::State::closed);
}

TEST_F(JobRunScenario, FailsAJobOnWhichAPluginGivesUpUnasked) {
  have_backend([](const GenerateRequest&, Sink&) { return failure(Verdict::cancelled); });
  start();
  const auto id = submit();
  time_.pass(seconds(1));
  EXPECT_EQ(status(id), Status::failed);
}

TEST_F(JobRunScenario, GivesAJobWithAPipelineNoOutputBesideItsFiles) {
  have_answering_backend();
  start();
  const auto id = submit_chain();
  time_.pass(minutes(1));
  ASSERT_EQ(status(id), Status::completed);
  EXPECT_EQ(job(id).output, std::nullopt);
}

TEST_F(JobRunScenario, CancelsTheStepsBesideOneThatFails) {
  have_backend([&](const GenerateRequest& request,
                   Sink& sink) { return request.step == "notes" ? fall_silent(sink) : failure(); },
               2);
  start();
  const auto id = submit_chain();
  time_.pass(seconds(10));
  EXPECT_EQ(status(id), Status::failed);
}

class DeafStepScenario : public JobRunScenario {
 protected:
  // Of two steps side by side one answers so, and the other does not hear that it is cancelled.
  void start_with(plugin::Verdict verdict) {
    have_backend(
        [this, verdict](const GenerateRequest& request, Sink&) {
          if (request.step != "notes") return failure(verdict);
          time_.sleep(hours(1));
          return failure(plugin::Verdict::cancelled);
        },
        2);
    config::Backend rules;
    rules.first_token_timeout = seconds(10);
    rules.circuit_failures = 2;
    start({{"x", rules}});
  }
};

TEST_F(DeafStepScenario, FailsAJobForItsFirstFailure) {
  start_with(plugin::Verdict::failed);
  const auto id = submit_chain();
  time_.pass(seconds(15));
  EXPECT_EQ(status(id), Status::failed);
  EXPECT_EQ(job(id).failure.value().code, "backend_failed");
  EXPECT_EQ(backend().circuit, spool::Circuit::State::closed);
}

TEST_F(DeafStepScenario, StopsABackendThatSaysSo) {
  start_with(plugin::Verdict::stop_queue);
  submit_chain();
  time_.pass(seconds(15));
  EXPECT_NE(backend().stopped_reason, "");
}

TEST_F(DeafStepScenario, FailsAJobForItsFirstFailureAtTheEndOfItsTime) {
  start_with(plugin::Verdict::failed);
  const auto id = submit_chain([](auto& submission) { submission.job.timeout_seconds = 5; });
  time_.pass(seconds(6));
  EXPECT_EQ(job(id).failure.value().code, "backend_failed");
}

TEST_F(DeafStepScenario, FailsAJobForItsFirstFailureWhenTheDaemonStops) {
  start_with(plugin::Verdict::failed);
  const auto id = submit_chain();
  time_.pass(seconds(1));
  spool_->stop(seconds(1), [] {});
  time_.pass(seconds(2));
  EXPECT_EQ(status(id), Status::failed);
}

}  // namespace
}  // namespace llmspool::simulation
