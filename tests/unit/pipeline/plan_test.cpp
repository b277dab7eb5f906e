// SPDX-License-Identifier: MIT
#include "pipeline/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmspool::pipeline {
namespace {

using testing::ElementsAre;

// match (if wanted) -> tailored; match -> letter; notes on its own.
constexpr std::string_view kSource = R"(
name = "p"
[hoist]
score = "match.score"
company = "inputs.company"
wanted = "inputs.wanted"
copy = "steps.tailored.text"
[[inputs]]
name = "company"
[[inputs]]
name = "wanted"
type = "boolean"
[[steps]]
name = "match"
optimizer = "ats"
documents = { cv = "of {{ inputs.company }}" }
params = { strict = true }
when = "inputs.wanted"
[[steps]]
name = "tailored"
generate = "Tailor: {{ steps.match.text }}"
system = "Be kind"
params = { max_tokens = 300, seed = 1 }
weight = 2
[[steps]]
name = "letter"
generate = "Letter"
system = "{{ steps.match.text }}"
needs = ["match"]
[[steps]]
name = "notes"
generate = "Notes"
[[outputs]]
file = "both.md"
role = "cv"
content = "{{ steps.tailored.text }}+{{ steps.letter.text }}"
[[outputs]]
file = "match.md"
content = "{{ steps.match.text }}"
[[outputs]]
file = "about.txt"
content = "For {{ inputs.company }}"
)";

class PlanTest : public testing::Test {
 protected:
  PlanTest() : definition_(parse_definition(kSource, "p").value()) {
    request_.inputs = {{"company", "ACME"}, {"wanted", "true"}};
    request_.params = {{"seed", 7}, {"temperature", 0.5}};
  }

  static job::StepResult result(const std::string& step, const std::string& text) {
    job::StepResult made;
    made.step = step;
    made.text = text;
    made.usage = {10, 1};
    return made;
  }
  static std::vector<std::string> names(const std::vector<Work>& ready) {
    std::vector<std::string> names;
    for (const Work& work : ready) names.push_back(work.step->name);
    return names;
  }
  static std::vector<std::string> names(const std::vector<job::File>& files) {
    std::vector<std::string> names;
    for (const job::File& file : files) names.push_back(file.name);
    return names;
  }

  Definition definition_;
  job::Request request_;
};

TEST_F(PlanTest, GivesEachStepOnceWhenItsNeedsAreMet) {
  Plan plan(definition_, request_, {});
  EXPECT_TRUE(plan.take_skipped().empty());
  EXPECT_THAT(names(plan.take_ready()), ElementsAre("match", "notes"));
  EXPECT_TRUE(plan.take_ready().empty());
  plan.finish(result("match", "m"));
  EXPECT_THAT(names(plan.take_ready()), ElementsAre("tailored", "letter"));
  plan.finish(result("letter", "l"));
  plan.finish(result("tailored", "t"));
  EXPECT_TRUE(plan.take_ready().empty());
  EXPECT_FALSE(plan.complete());
  plan.finish(result("notes", "n"));
  EXPECT_TRUE(plan.complete());
  EXPECT_EQ(plan.text_of("letter"), "l");
  EXPECT_EQ(plan.text_of("unknown"), "");
  EXPECT_EQ(plan.usage().prompt_tokens, 40);
  EXPECT_EQ(plan.usage().completion_tokens, 4);
}

TEST_F(PlanTest, FillsInTemplates) {
  Plan plan(definition_, request_, {});
  const auto match = plan.take_ready().front();
  EXPECT_EQ(match.documents.at("cv"), "of ACME");
  EXPECT_TRUE(match.messages.empty());
  EXPECT_EQ(match.params, boost::json::parse(R"({"strict": true})"));  // not the job's

  plan.finish(result("match", "{{ inputs.company }}"));
  const auto ready = plan.take_ready();
  ASSERT_EQ(ready[0].messages.size(), 2U);
  EXPECT_EQ(ready[0].messages[0].role, "system");
  EXPECT_EQ(ready[0].messages[0].content, "Be kind");
  EXPECT_EQ(ready[0].messages[1].role, "user");
  EXPECT_EQ(ready[0].messages[1].content, "Tailor: {{ inputs.company }}");
  EXPECT_EQ(ready[0].params,
            boost::json::parse(R"({"max_tokens": 300, "seed": 7, "temperature": 0.5})"));
}

TEST_F(PlanTest, LeavesOutAnEmptySystemMessage) {
  Plan plan(definition_, request_, {result("match", "")});
  const auto ready = plan.take_ready();
  ASSERT_EQ(ready[1].step->name, "letter");
  EXPECT_EQ(ready[1].messages.size(), 1U);
}

TEST_F(PlanTest, SkipsWhatIsNotWanted) {
  for (const char* no : {"false", "", "0"}) {
    request_.inputs["wanted"] = no;
    Plan plan(definition_, request_, {});
    const auto skipped = plan.take_skipped();
    ASSERT_EQ(skipped.size(), 1U) << no;
    EXPECT_EQ(skipped[0].step, "match");
    EXPECT_TRUE(skipped[0].skipped);
    EXPECT_TRUE(plan.finish(skipped[0]).empty());  // match.md is left out
    EXPECT_TRUE(plan.take_skipped().empty());
    EXPECT_THAT(names(plan.take_ready()), ElementsAre("tailored", "letter", "notes"));
  }
}

TEST_F(PlanTest, GivesFilesAsSoonAsTheyAreComplete) {
  Plan plan(definition_, request_, {});
  const auto match = plan.finish(result("match", "m"));
  ASSERT_THAT(names(match), ElementsAre("match.md"));
  EXPECT_EQ(match[0].content, "m");
  EXPECT_EQ(match[0].role, "other");
  EXPECT_EQ(match[0].media_type, "text/markdown");
  EXPECT_TRUE(plan.finish(result("tailored", "t")).empty());
  EXPECT_EQ(plan.finish(result("letter", "l")).at(0).content, "t+l");
  EXPECT_EQ(plan.finish(result("notes", "n")).at(0).content, "For ACME");  // names no step
  EXPECT_TRUE(plan.finish(result("notes", "n")).empty());
}

TEST_F(PlanTest, GivesTheFilesThatASkippedStepCompletes) {
  definition_.steps[3].when = Reference{Reference::Kind::step_text, "tailored", ""};
  definition_.steps[3].needs = {"tailored"};
  Plan plan(definition_, request_, {});
  plan.finish(result("match", "m"));
  plan.finish(result("letter", "l"));
  plan.finish(result("tailored", ""));
  const auto skipped = plan.take_skipped();
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_EQ(skipped[0].step, "notes");
  EXPECT_THAT(names(plan.finish(skipped[0])), ElementsAre("about.txt"));
  EXPECT_TRUE(plan.complete());
}

TEST_F(PlanTest, GoesOnWhereAnotherRunEnded) {
  Plan plan(definition_, request_, {result("match", "m"), result("notes", "n")});
  EXPECT_THAT(names(plan.take_ready()), ElementsAre("tailored", "letter"));
  EXPECT_TRUE(plan.finish(result("tailored", "t")).empty());  // match.md has been given
  EXPECT_THAT(names(plan.finish(result("letter", "l"))), ElementsAre("both.md", "about.txt"));
  EXPECT_EQ(plan.usage().completion_tokens, 4);
}

TEST_F(PlanTest, MeasuresProgressByWeight) {
  Plan plan(definition_, request_, {});
  EXPECT_EQ(plan.progress({}), 0);
  EXPECT_EQ(plan.progress({{"match", 0.5}}), 10);
  EXPECT_EQ(plan.progress({{"tailored", 0.5}}), 20);
  EXPECT_EQ(plan.progress({{"match", 7.0}, {"notes", -1.0}, {"unknown", 1.0}}), 20);
  EXPECT_EQ(plan.progress({{"match", std::numeric_limits<double>::quiet_NaN()}}), 0);
  for (const char* step : {"match", "tailored", "letter"}) plan.finish(result(step, ""));
  EXPECT_EQ(plan.progress({{"match", 0.1}}), 80);
  EXPECT_EQ(plan.progress({{"notes", 1.0}}), 99);  // nearly
  plan.finish(result("notes", ""));
  EXPECT_EQ(plan.progress({}), 100);
}

TEST_F(PlanTest, HoistsWhatIsKnown) {
  Plan plan(definition_, request_, {});
  EXPECT_EQ(plan.hoisted(), boost::json::parse(R"({"company": "ACME", "wanted": true})"));
  auto match = result("match", "m");
  match.report = {{"score", 87.5}, {"other", 1}};
  plan.finish(match);
  plan.finish(result("tailored", "t"));
  EXPECT_EQ(plan.hoisted(), boost::json::parse(R"({"company": "ACME", "wanted": true,
                                                   "score": 87.5, "copy": "t"})"));
}

TEST(Plan, OfAPromptAnswersTheMessages) {
  const Definition definition = prompt_definition();
  job::Request request;
  request.messages = {{"system", "s"}, {"user", "u"}};
  request.params = {{"seed", 1}};
  Plan plan(definition, request, {});
  const auto ready = plan.take_ready();
  ASSERT_EQ(ready.size(), 1U);
  ASSERT_EQ(ready[0].messages.size(), 2U);
  EXPECT_EQ(ready[0].messages[1].content, "u");
  EXPECT_EQ(ready[0].params, boost::json::parse(R"({"seed": 1})"));
  job::StepResult answer;
  answer.step = "answer";
  answer.text = "a";
  const auto files = plan.finish(answer);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].content, "a");
  EXPECT_TRUE(plan.complete());
}

}  // namespace
}  // namespace llmspool::pipeline
