// SPDX-License-Identifier: MIT
// The llamacpp plugin, loaded and called as the daemon does, with a real model.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <llmspool/testing.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using llmspool::Level;
using llmspool::Phase;
using llmspool::Verdict;
using llmspool::testing::FakeRun;
using llmspool::testing::LoadedBackend;
using llmspool::testing::Outcome;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const fs::path kModel = fs::path(LLMSPOOL_TEST_FIXTURES) / "tiny-cv" / "tiny-cv.gguf";
const std::string kLetter =
    "Job description:\nWe look for a Python developer who knows Docker.\n\n"
    "My cv:\nI have been a Python developer for five years.\n\nWrite a cover letter.";

class LlamaCpp : public testing::Test {
 protected:
  LoadedBackend backend_with(const std::string& options) {
    return library.backend(host, R"({"models": [")" + kModel.string() + "\"]" + options + "}");
  }
  // The models "a" and "b".
  LoadedBackend backend_of_two() {
    for (const auto* name : {"a.gguf", "b.gguf"}) fs::copy(kModel, host.data_directory() / name);
    return library.backend(host, R"({"models": ")" + host.data_directory().string() + "\"}");
  }
  Outcome generate(const std::string& prompt, const std::string& params) {
    return backend.generate({.prompt = prompt, .params = params}, run);
  }
  std::string text(const std::string& prompt, const std::string& params) {
    FakeRun own_run;
    backend.generate({.prompt = prompt, .params = params}, own_run);
    return own_run.text();
  }
  bool has_complained() {
    const auto logs = host.logs();
    return std::any_of(logs.begin(), logs.end(),
                       [](const auto& line) { return line.level != Level::debug; });
  }

  llmspool::testing::FakeHost host;
  llmspool::testing::Library library{LLMSPOOL_TEST_PLUGIN};
  LoadedBackend backend = backend_with("");
  FakeRun run;
};

TEST_F(LlamaCpp, streams_an_answer) {
  EXPECT_EQ(generate(kLetter, R"({"temperature": 0})").verdict, Verdict::done);
  EXPECT_GT(run.pieces().size(), 10U);
  EXPECT_TRUE(run.text().starts_with("Dear")) << run.text();
  EXPECT_EQ(run.finish_reason(), "stop");
  EXPECT_GT(run.prompt_tokens(), 30U);
  EXPECT_GT(run.completion_tokens(), 50U);
  EXPECT_EQ(run.progress(Phase::load).back().done, 100U);
  EXPECT_EQ(run.progress(Phase::prompt).back().done, run.prompt_tokens());
  EXPECT_EQ(run.progress(Phase::generate).back().done, run.completion_tokens());
  EXPECT_FALSE(host.logs().empty());
  EXPECT_FALSE(has_complained());
}

TEST_F(LlamaCpp, lists_its_models) {
  auto models = backend.models();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].id, "tiny-cv");
  EXPECT_EQ(models[0].size_bytes, fs::file_size(kModel));
  EXPECT_TRUE(models[0].is_default);
  EXPECT_FALSE(models[0].loaded);
  text("Hello", "{}");
  models = backend.models();
  EXPECT_TRUE(models[0].loaded);
  EXPECT_EQ(models[0].context_tokens, 1024U);
}

TEST_F(LlamaCpp, repeats_itself_for_a_seed) {
  const std::string params = R"({"temperature": 1, "seed": )";
  EXPECT_EQ(text(kLetter, params + "1}"), text(kLetter, params + "1}"));
  EXPECT_NE(text(kLetter, params + "1}"), text(kLetter, params + "2}"));
  EXPECT_EQ(text(kLetter, R"({"temperature": 0})"), text(kLetter, R"({"temperature": 0})"));
}

TEST_F(LlamaCpp, keeps_to_the_tokens_allowed) {
  EXPECT_EQ(generate(kLetter, R"({"max_tokens": 7})").verdict, Verdict::done);
  EXPECT_EQ(run.completion_tokens(), 7U);
  EXPECT_EQ(run.finish_reason(), "length");
  EXPECT_EQ(run.progress(Phase::generate).back().total, 7U);
}

TEST_F(LlamaCpp, ends_before_a_stop_text) {
  const auto whole = text(kLetter, R"({"temperature": 0})");
  const auto at = whole.find("hiring");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(generate(kLetter, R"({"temperature": 0, "stop": ["hiring"]})").verdict, Verdict::done);
  EXPECT_EQ(run.text(), whole.substr(0, at));
  EXPECT_EQ(run.finish_reason(), "stop");
}

TEST_F(LlamaCpp, keeps_to_a_json_schema) {
  const auto outcome = generate("Which skills are missing?", R"({"seed": 1, "json_schema": {
    "type": "object", "additionalProperties": false, "required": ["skill", "years"],
    "properties": {"skill": {"type": "string", "maxLength": 20}, "years": {"type": "integer"}}}})");
  EXPECT_EQ(outcome.verdict, Verdict::done);
  const auto answer = boost::json::parse(run.text()).as_object();
  EXPECT_TRUE(answer.at("skill").is_string());
  EXPECT_TRUE(answer.at("years").is_int64());
  EXPECT_EQ(generate("x", R"({"json_schema": {"type": "nonsense"}})").verdict, Verdict::failed);
  EXPECT_TRUE(generate("x", R"({"json_schema": {"anyOf": [
    {"type": "string", "pattern": "^(a?){99}$"}]}})")
                  .invalid)
      << "all others would wait for it";
}

TEST_F(LlamaCpp, says_by_how_much_a_prompt_is_too_long) {
  std::string prompt;
  for (int i = 0; i < 2000; ++i) prompt += "word ";
  const auto outcome = generate(prompt, "{}");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_TRUE(outcome.invalid);
  EXPECT_NE(outcome.message.find("at most 1023 fit"), std::string::npos) << outcome.message;
}

TEST_F(LlamaCpp, takes_a_prompt_that_leaves_room_for_one_token) {
  generate(kLetter, R"({"max_tokens": 1})");
  const auto fits = run.prompt_tokens() + 1;
  const auto with_context_of = [&](std::size_t tokens) {
    const auto small = backend_with(", \"context_tokens\": " + std::to_string(tokens));
    return small.generate({.prompt = kLetter}, run);
  };
  EXPECT_EQ(with_context_of(fits).verdict, Verdict::done);
  EXPECT_EQ(run.completion_tokens(), 1U);
  EXPECT_TRUE(with_context_of(fits - 1).invalid);
}

TEST_F(LlamaCpp, fills_the_context_to_the_end) {
  const auto small = backend_with(R"(, "context_tokens": 100)");
  EXPECT_EQ(small.generate({.prompt = kLetter}, run).verdict, Verdict::done);
  EXPECT_EQ(run.finish_reason(), "length");
  EXPECT_EQ(run.prompt_tokens() + run.completion_tokens(), 100U);
}

TEST_F(LlamaCpp, computes_several_answers_at_once) {
  const std::vector<std::string> prompts = {
      kLetter,
      "Write a professional summary for this cv:\n\nI cook.",
      "Which skills are missing? The advert wants Go. I have C.",
      "Hello",
      kLetter,
      "Hello"};
  const std::string params = R"({"temperature": 0})";
  std::vector<std::string> alone, together(prompts.size());
  for (const auto& prompt : prompts) alone.push_back(text(prompt, params));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < prompts.size(); ++i)
    threads.emplace_back([&, i] { together[i] = text(prompts[i], params); });
  for (auto& thread : threads) thread.join();
  // Computing together rounds a little differently, so later words may differ.
  for (std::size_t i = 0; i < prompts.size(); ++i)
    EXPECT_EQ(together[i].substr(0, 20), alone[i].substr(0, 20));
}

TEST_F(LlamaCpp, stops_soon_when_cancelled) {
  text("Hello", "{}");
  Clock::time_point cancelled;
  run.on_emit = [&] {
    cancelled = Clock::now();
    run.cancel();
  };
  EXPECT_EQ(generate(kLetter, "{}").verdict, Verdict::cancelled);
  EXPECT_LT(Clock::now() - cancelled, 200ms);
  EXPECT_EQ(run.pieces().size(), 1U);
  EXPECT_FALSE(has_complained());
}

TEST_F(LlamaCpp, stops_within_a_prompt) {
  const auto slow = backend_with(R"(, "batch_tokens": 1, "parallel": 1)");
  std::string prompt;
  for (int i = 0; i < 900; ++i) prompt += "a ";
  std::thread canceller([&] {
    while (run.progress(Phase::prompt).empty()) std::this_thread::yield();
    run.cancel();
  });
  EXPECT_EQ(slow.generate({.prompt = prompt}, run).verdict, Verdict::cancelled);
  canceller.join();
  EXPECT_LT(run.progress(Phase::prompt).back().done, run.prompt_tokens());
  EXPECT_TRUE(run.text().empty());
}

TEST_F(LlamaCpp, goes_on_when_others_are_cancelled) {
  const std::string params = R"({"temperature": 0})";
  const auto expected = text(kLetter, params);
  std::atomic<bool> ended = false;
  std::thread others([&] {
    while (!ended) {
      FakeRun other;
      other.on_emit = [&] { other.cancel(); };
      backend.generate({.prompt = "Hello"}, other);
    }
  });
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(text(kLetter, params).substr(0, 20), expected.substr(0, 20));
  ended = true;
  others.join();
  EXPECT_FALSE(has_complained());
}

TEST_F(LlamaCpp, waits_for_the_model_that_is_in_use) {
  const auto two = backend_of_two();
  std::vector<std::thread> threads;
  for (const auto* model : {"a", "b", "a", "b"})
    threads.emplace_back([&two, model] {
      FakeRun own_run;
      const auto outcome = two.generate({.prompt = kLetter, .model = model}, own_run);
      EXPECT_EQ(outcome.verdict, Verdict::done) << outcome.message;
      EXPECT_TRUE(own_run.text().starts_with("Dear")) << own_run.text();
    });
  for (auto& thread : threads) thread.join();
  const auto models = two.models();
  EXPECT_NE(models.at(0).loaded, models.at(1).loaded);
}

TEST_F(LlamaCpp, says_that_it_waits_for_the_model_in_use) {
  const auto two = backend_of_two();
  FakeRun first, second;
  std::thread waits;
  first.on_emit = [&] {
    if (waits.joinable()) return;
    waits = std::thread([&] { two.generate({.prompt = kLetter, .model = "b"}, second); });
    while (second.progress(llmspool::Phase::wait).empty()) std::this_thread::yield();
  };
  EXPECT_EQ(two.generate({.prompt = kLetter, .model = "a"}, first).verdict, Verdict::done);
  waits.join();
  EXPECT_TRUE(first.progress(llmspool::Phase::wait).empty());
  EXPECT_FALSE(second.progress(llmspool::Phase::load).empty());
}

TEST_F(LlamaCpp, names_what_is_wrong_with_a_model) {
  EXPECT_EQ(backend.generate({.prompt = "x", .model = "huge"}, run).message,
            "There is no model \"huge\"; there is tiny-cv");
  const auto file = host.data_directory() / "broken.gguf";
  std::ofstream(file) << "no model at all";
  const auto broken = library.backend(host, R"({"models": ")" + file.string() + "\"}");
  const auto outcome = broken.generate({.prompt = "x"}, run);
  EXPECT_EQ(outcome.verdict, Verdict::retry_later);
  EXPECT_NE(outcome.message.find(file.string()), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("magic"), std::string::npos) << "the cause: " << outcome.message;
  const auto empty = library.backend(host, R"({"models": "/nonexistent"})");
  EXPECT_EQ(empty.generate({.prompt = "x"}, run).verdict, Verdict::stop_queue);
  EXPECT_THROW(empty.models(), std::runtime_error) << "it says that it is not available";
}

}  // namespace
