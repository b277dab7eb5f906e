// SPDX-License-Identifier: MIT
// Runs random pipelines in random orders, with restarts at random moments: whatever the order,
// every step is done once, progress never goes back, and the files are the same.
#include <gtest/gtest.h>

#include <random>

#include "pipeline/order.hpp"
#include "pipeline/plan.hpp"

namespace llmspool::pipeline {
namespace {

using Random = std::mt19937;

int below(Random& random, int end) {
  return static_cast<int>(random() % static_cast<unsigned>(end));
}

std::string step_name(int index) {
  return "s" + std::to_string(index);
}

// Up to eight steps, shuffled, each of which may need and be skipped by earlier ones.
Definition random_definition(Random& random) {
  Definition definition;
  const int count = 1 + below(random, 8);
  for (int i = 0; i < count; ++i) {
    Step step;
    step.name = step_name(i);
    step.weight = 1 + below(random, 5);
    std::string prompt = step.name;
    for (int j = 0; j < i; ++j) {
      if (below(random, 3) != 0) continue;
      step.needs.push_back(step_name(j));
      prompt += " {{ steps." + step_name(j) + ".text }}";
      if (below(random, 3) == 0)
        step.when = Reference{Reference::Kind::step_text, step_name(j), ""};
    }
    step.prompt = *Template::parse(prompt);
    definition.steps.push_back(std::move(step));
    definition.outputs.push_back(
        {step_name(i), "other", "text/plain",
         *Template::parse("{{ steps." + step_name(i) + ".text }} {{ steps." +
                          step_name(below(random, count)) + ".text }}")});
  }
  definition.outputs.push_back({"all", "other", "text/plain", *Template::parse("done")});
  std::shuffle(definition.steps.begin(), definition.steps.end(), random);
  EXPECT_TRUE(sort_by_needs(definition.steps).empty());
  return definition;
}

// What a step makes depends on its prompt alone; some make nothing, so that others are skipped.
job::StepResult run(const Work& work) {
  job::StepResult result;
  result.step = work.step->name;
  const std::string& prompt = work.messages.back().content;
  if (std::hash<std::string>()(prompt) % 4 != 0) result.text = "(" + prompt + ")";
  return result;
}

struct Course {
  std::map<std::string, std::string> files;
  std::map<std::string, int> times;  // that a step was done or skipped
};

void keep(Course& made, std::vector<job::StepResult>& stored, Plan& plan,
          const job::StepResult& result) {
  ++made.times[result.step];
  stored.push_back(result);
  for (const job::File& file : plan.finish(result)) {
    EXPECT_FALSE(made.files.contains(file.name)) << file.name << " was given twice";
    made.files[file.name] = file.content;
  }
}

Course run_all(const Definition& definition, Random& random, bool with_restarts) {
  Course made;
  std::vector<job::StepResult> stored;
  const job::Request request;
  int progress = 0;
  for (int lives = 0; lives < 1000; ++lives) {
    Plan plan(definition, request, stored);
    std::vector<Work> running;
    while (!plan.complete()) {
      for (auto skipped = plan.take_skipped(); !skipped.empty(); skipped = plan.take_skipped())
        for (const auto& result : skipped) keep(made, stored, plan, result);
      for (Work& work : plan.take_ready()) running.push_back(std::move(work));
      EXPECT_GE(plan.progress({}), progress);
      progress = plan.progress({});
      if (plan.complete()) break;
      if (running.empty()) {
        ADD_FAILURE() << "nothing is running and nothing can start";
        return made;
      }
      if (with_restarts && below(random, 4) == 0) break;  // what is running is lost
      const auto next = running.begin() + below(random, static_cast<int>(running.size()));
      keep(made, stored, plan, run(*next));
      running.erase(next);
    }
    if (plan.complete()) {
      EXPECT_EQ(plan.progress({}), 100);
      return made;
    }
  }
  ADD_FAILURE() << "it never ends";
  return made;
}

TEST(PlanRandom, EveryOrderGivesTheSame) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Definition definition = random_definition(random);
    const Course plain = run_all(definition, random, false);
    const Course restarted = run_all(definition, random, true);
    EXPECT_EQ(plain.files, restarted.files);
    for (const Course& made : {plain, restarted}) {
      EXPECT_EQ(made.times.size(), definition.steps.size());
      for (const auto& [step, times] : made.times) EXPECT_EQ(times, 1) << step;
      EXPECT_TRUE(made.files.contains("all"));
    }
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace llmspool::pipeline
