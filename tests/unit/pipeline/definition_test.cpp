// SPDX-License-Identifier: MIT
#include "pipeline/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "job/job.hpp"

namespace llmspool::pipeline {
namespace {

using testing::ElementsAre;

constexpr std::string_view kApplication = R"(
name = "application"
description = "An application"
hoist = { ats_score = "match.ats_score", company_name = "inputs.company_name" }

[[inputs]]
name = "cv"
required = true
aliases = ["cv_file"]
max_bytes = 200000
description = "The CV"
[[inputs]]
name = "company_name"
default = "somebody"
[[inputs]]
name = "enable_ats"
type = "boolean"
default = true

[[steps]]
name = "letter"
generate = """
Write to {{ inputs.company_name }}:
{{ steps.tailored.text }}
{{ steps.match.text }}"""
system = "You are {{ inputs.cv }}"
params = { max_tokens = 300, stop = ["x"] }
weight = 3
[[steps]]
name = "tailored"
generate = "{{ inputs.cv }}"
needs = ["match"]
[[steps]]
name = "match"
label = "Comparing"
optimizer = "ats"
documents = { cv = "{{ inputs.cv }}", company = "{{ inputs.company_name }}" }
when = "inputs.enable_ats"

[[outputs]]
file = "cv.md"
role = "cv"
content = "{{ steps.tailored.text }}"
[[outputs]]
file = "about.json"
content = "{}"
[[outputs]]
file = "letter"
media_type = "text/x-letter"
content = "{{ steps.letter.text }}"
)";

TEST(Definition, ReadsEveryKey) {
  const auto read = parse_definition(kApplication, "a.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "application");
  EXPECT_EQ(read->description, "An application");
  EXPECT_EQ(to_string(read->named_at), "a.toml:2:8");

  ASSERT_EQ(read->inputs.size(), 3U);
  EXPECT_EQ(read->inputs[0].name, "cv");
  EXPECT_TRUE(read->inputs[0].required);
  EXPECT_THAT(read->inputs[0].aliases, ElementsAre("cv_file"));
  EXPECT_EQ(read->inputs[0].bytes_max, 200000U);
  EXPECT_EQ(read->inputs[0].description, "The CV");
  EXPECT_EQ(read->inputs[1].default_value, "somebody");
  EXPECT_EQ(read->inputs[1].bytes_max, 1024U * 1024);
  EXPECT_EQ(read->inputs[2].type, Input::Type::boolean);
  EXPECT_EQ(read->inputs[2].default_value, "true");

  ASSERT_EQ(read->steps.size(), 3U);  // each after what it needs
  EXPECT_EQ(read->steps[0].name, "match");
  EXPECT_EQ(read->steps[0].label, "Comparing");
  EXPECT_EQ(read->steps[0].kind, Step::Kind::optimize);
  EXPECT_EQ(read->steps[0].optimizer, "ats");
  EXPECT_EQ(read->steps[0].documents.size(), 2U);
  EXPECT_EQ(read->steps[0].when->name, "enable_ats");
  EXPECT_TRUE(read->steps[0].needs.empty());
  EXPECT_EQ(read->steps[1].name, "tailored");
  EXPECT_EQ(read->steps[1].label, "tailored");
  EXPECT_THAT(read->steps[1].needs, ElementsAre("match"));
  EXPECT_EQ(read->steps[2].name, "letter");
  EXPECT_EQ(read->steps[2].kind, Step::Kind::generate);
  EXPECT_THAT(read->steps[2].needs, ElementsAre("tailored", "match"));
  EXPECT_EQ(read->steps[2].params, boost::json::parse(R"({"max_tokens": 300, "stop": ["x"]})"));
  EXPECT_EQ(read->steps[2].weight, 3);
  EXPECT_TRUE(read->steps[2].system);

  ASSERT_EQ(read->outputs.size(), 3U);
  EXPECT_EQ(read->outputs[0].role, "cv");
  EXPECT_EQ(read->outputs[0].media_type, "text/markdown");
  EXPECT_EQ(read->outputs[1].role, "other");
  EXPECT_EQ(read->outputs[1].media_type, "application/json");
  EXPECT_EQ(read->outputs[2].media_type, "text/x-letter");

  ASSERT_EQ(read->hoist.size(), 2U);
  EXPECT_EQ(read->hoist[0].name, "ats_score");
  EXPECT_EQ(read->hoist[0].from.kind, Reference::Kind::step_report);
  EXPECT_EQ(read->hoist[0].from.key, "ats_score");
  EXPECT_EQ(read->hoist[1].from.kind, Reference::Kind::input);
}

TEST(Definition, OfAPromptIsOneStepAndOneFile) {
  const Definition prompt = prompt_definition();
  ASSERT_EQ(prompt.steps.size(), 1U);
  EXPECT_EQ(prompt.steps[0].name, "answer");
  EXPECT_EQ(prompt.steps[0].label, "Generating");
  EXPECT_EQ(prompt.steps[0].kind, Step::Kind::messages);
  ASSERT_EQ(prompt.outputs.size(), 1U);
  EXPECT_EQ(prompt.outputs[0].file, "answer.txt");
  EXPECT_EQ(prompt.outputs[0].role, "other");
  EXPECT_EQ(prompt.outputs[0].media_type, "text/plain");
}

// A good pipeline in front of what is wrong, which begins on line 6.
std::string with(const std::string& source) {
  return "name = 'p'\n[[inputs]]\nname = 'cv'\n"
         "[[steps]]\nname = 's'\ngenerate = '{{ inputs.cv }}'\n" +
         source;
}

struct Case {
  std::string source, message;  // the message after "p.toml:"
};

void expect_wrong(const std::vector<Case>& cases) {
  const std::set<std::string> optimizers{"ats", "redact"};
  for (const Case& c : cases) {
    const auto read = parse_definition(c.source, "p.toml", &optimizers);
    ASSERT_FALSE(read) << c.source;
    EXPECT_EQ(read.error().code, Code::invalid);
    EXPECT_THAT(read.error().message, testing::StartsWith("p.toml:" + c.message)) << c.source;
    EXPECT_THAT(read.error().message, testing::Not(testing::HasSubstr("\n"))) << c.source;
  }
}

TEST(Definition, TakesWhatIsAtItsBounds) {
  const std::string name(128, 'x');
  for (const std::string& source :
       {"[[inputs]]\nname = 'x'\naliases = ['y', '" + name + "']",
        std::string("[[inputs]]\nname = 'x'\nmax_bytes = 1"),
        std::string("[[inputs]]\nname = 'x'\nmax_bytes = '1GiB'"),
        std::string("[[steps]]\nname = 't'\ngenerate = 'x'\nweight = 1"),
        std::string("[[steps]]\nname = 't'\ngenerate = 'x'\nweight = 1000"),
        "[[outputs]]\nfile = '" + name + "'\ncontent = ''"}) {
    const auto read = parse_definition(with(source), "p.toml");
    EXPECT_TRUE(read) << read.error().message;
  }
}

TEST(Definition, RefusesWrongPipelinesAndInputs) {
  ASSERT_TRUE(parse_definition(with(""), "p.toml"));
  expect_wrong({
      {"name = ", "1:8: this is no valid TOML: "},
      {"[[steps]]\nname = 's'\ngenerate = 'x'", "1:1: 'name' is missing: others refer to it"},
      {"name = 'Big'\n[[steps]]\nname = 's'\ngenerate = 'x'",
       "1:8: 'name' cannot be 'Big': it must"},
      {"name = 'p'", "1:1: 'steps' is missing: a pipeline has at least one [[steps]]"},
      {"names = 1\n" + with(""),
       "1:1: unknown key 'names'; did you mean 'name'? Accepted: description, hoist, inputs, name, "
       "outputs, steps"},
      {with("[[inputs]]\ntype = 'text'"),
       "7:1: 'name' in [[inputs]] is missing: others refer to it"},
      {with("[[inputs]]\nname = 'a b'"), "8:8: 'name' in [[inputs]] cannot be 'a b': it must be"},
      {with("[[inputs]]\nname = 'cv'"), "8:8: the input 'cv' is there twice, first on line 3"},
      {with("[[inputs]]\nname = 'x'\naliases = ['y', 'cv']"),
       "9:17: the input 'cv' is there twice, first on line 3"},
      {with("[[inputs]]\nname = 'x'\naliases = ['']"), "9:12: 'aliases' in [[inputs]] must have 1"},
      {with("[[inputs]]\nname = 'x'\naliases = ['" + std::string(129, 'y') + "']"),
       "9:12: 'aliases' in [[inputs]] must have 1"},
      {with("[[inputs]]\nname = 'x'\naliases = 'y'"),
       "9:11: 'aliases' in [[inputs]] must be a list of texts"},
      {with("[[inputs]]\nname = 'x'\ntype = 'bool'"),
       "9:8: 'type' in [[inputs]] cannot be 'bool'. Accepted: text, boolean"},
      {with("[[inputs]]\nname = 'x'\ntype = 'boolaen'"),
       "9:8: 'type' in [[inputs]] cannot be 'boolaen'; did you mean 'boolean'?"},
      {with("[[inputs]]\nname = 'x'\nrequired = 1"),
       "9:12: 'required' in [[inputs]] must be true or"},
      {with("[[inputs]]\nname = 'x'\nmax_bytes = 1073741825"),
       "9:13: 'max_bytes' in [[inputs]] must be a size"},
      {with("[[inputs]]\nname = 'x'\nmax_bytes = 0"),
       "9:13: 'max_bytes' in [[inputs]] must be a size"},
      {with("[[inputs]]\nname = 'x'\ndefault = 1"),
       "9:11: 'default' in [[inputs]] must be a text, as the input's type is"},
      {with("[[inputs]]\nname = 'x'\ntype = 'boolean'\ndefault = 'yes'"),
       "10:11: 'default' in [[inputs]] must be true or false, as the input's type is"},
      {with("[[inputs]]\nname = 'x'\nrequired = true\ndefault = 'y'"),
       "10:11: 'default' in [[inputs]] is of no use: the input is required"},
      {with("[[inputs]]\nname = 'x'\nmax_byte = 1"),
       "9:1: unknown key 'max_byte' in [[inputs]]; did you mean 'max_bytes'?"},
  });
}

TEST(Definition, RefusesWrongSteps) {
  expect_wrong({
      {with("[[steps]]\ngenerate = 'x'"), "7:1: 'name' in [[steps]] is missing"},
      {with("[[steps]]\nname = 's'\ngenerate = 'x'"),
       "8:8: the step 's' is there twice, first on "
       "line 5"},
      {with("[[steps]]\nname = 'inputs'\ngenerate = 'x'"),
       "8:8: a step cannot be called 'inputs': references begin with that word"},
      {with("[[steps]]\nname = 't'"),
       "7:1: a step has either 'generate', a prompt for the model, or"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\noptimizer = 'ats'"), "7:1: a step has either"},
      {with("[[steps]]\nname = 't'\ngenerate = ''"),
       "9:12: 'generate' in [[steps]] cannot be empty"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\ndocuments = {}"),
       "10:1: unknown key 'documents' in [[steps]]"},
      {with("[[steps]]\nname = 't'\noptimizer = 'ats'\nsystem = 'x'"),
       "10:1: unknown key 'system' in [[steps]]"},
      {with("[[steps]]\nname = 't'\noptimizer = ''"),
       "9:13: 'optimizer' in [[steps]] cannot be empty"},
      {with("[[steps]]\nname = 't'\noptimizer = 'atz'"),
       "9:13: there is no optimizer 'atz' in the plugins; did you mean 'ats'? There are: ats, "
       "redact"},
      {with("[[steps]]\nname = 't'\noptimizer = 'ats'\ndocuments = { cv = 1 }"),
       "10:20: 'cv' in [steps.documents] must be a text"},
      {with("[[steps]]\nname = 't'\noptimizer = 'ats'\ndocuments = { cv = '{{ inputs.cvv }}' }"),
       "10:24: there is no input 'cvv'; did you mean 'cv'? There are: cv"},
      {with("[[steps]]\nname = 't'\ngenerate = '''\nline\n  {{ steps.x.text }}'''"),
       "11:6: there is no step 'x'. There are: s, t"},
      {with("[[steps]]\nname = 't'\ngenerate = '''\n\n{{ cv }}'''"),
       "11:4: '{{ cv }}' is nothing known: it must be inputs.NAME or steps.NAME.text"},
      {with("[[steps]]\nname = 't'\ngenerate = '{{ inputs.cv'"),
       "9:13: '{{' is never closed by '}}'"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nsystem = '{{ inputs.y }}'"),
       "10:14: there is no input 'y'"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nneeds = ['s', 'u']"),
       "10:15: there is no step 'u'"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nwhen = 'cv'"),
       "10:8: 'when' in [[steps]] cannot be 'cv': it must be inputs.NAME or steps.NAME.text"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nwhen = 's.score'"),
       "10:8: 'when' in [[steps]]"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nwhen = 'inputs.no'"),
       "10:8: there is no input"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nweight = 0"),
       "10:10: 'weight' in [[steps]] must be a whole number from 1 to 1000, not 0"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nweight = 1001"),
       "10:10: 'weight' in [[steps]] must be a whole number from 1 to 1000, not 1001"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nparams = 3"),
       "10:10: 'params' in [[steps]] must"},
      {with("[[steps]]\nname = 't'\ngenerate = 'x'\nneeds = ['t']"),
       "10:10: these steps would wait for each other for ever: t needs t"},
      {with("[[steps]]\nname = 'a'\ngenerate = '{{ steps.b.text }}'\n"
            "[[steps]]\nname = 'b'\ngenerate = 'x'\nwhen = 'steps.c.text'\n"
            "[[steps]]\nname = 'c'\ngenerate = 'x'\nneeds = ['b']"),
       "13:8: these steps would wait for each other for ever: b needs c needs b"},
  });
}

TEST(Definition, RefusesWrongOutputsAndHoists) {
  expect_wrong({
      {with("[[outputs]]\ncontent = 'x'"), "7:1: 'file' in [[outputs]] is missing"},
      {with("[[outputs]]\nfile = 'x'"), "7:1: 'content' in [[outputs]] is missing"},
      {with("[[outputs]]\nfile = 'x'\ncontent = ''\n[[outputs]]\nfile = 'x'\ncontent = ''"),
       "11:8: the file 'x' is there twice, first on line 8"},
      {with("[[outputs]]\nfile = '../x'\ncontent = ''"),
       "8:8: 'file' in [[outputs]] cannot be '../x': it must be a plain file name without slashes"},
      {with("[[outputs]]\nfile = '.x'\ncontent = ''"), "8:8: 'file' in [[outputs]] cannot be '.x'"},
      {with("[[outputs]]\nfile = ''\ncontent = ''"), "8:8: 'file' in [[outputs]] cannot be ''"},
      {with("[[outputs]]\nfile = \"a\\u0007\"\ncontent = ''"),
       "8:8: 'file' in [[outputs]] cannot be"},
      {with("[[outputs]]\nfile = '" + std::string(129, 'x') + "'\ncontent = ''"), "8:8: 'file' in"},
      {with("[[outputs]]\nfile = 'x'\nrole = 'letter'\ncontent = ''"),
       "9:8: 'role' in [[outputs]] cannot be 'letter'. Accepted: cv, cover_letter, ats_report, "
       "answers, metadata, other"},
      {with("[[outputs]]\nfile = 'x'\nmedia_type = 'text'\ncontent = ''"),
       "9:14: 'media_type' in [[outputs]] cannot be 'text': it must be a media type"},
      {with("[[outputs]]\nfile = 'x'\nmedia_type = \"text/a\\r\\nb\"\ncontent = ''"),
       "9:14: 'media"},
      {with("[[outputs]]\nfile = 'x'\ncontent = '{{ steps.z.text }}'"),
       "9:15: there is no step 'z'"},
      {with("[hoist]\nscore = 's.score'"), "8:9: the step 's' makes no report: only optimizers do"},
      {with("[hoist]\nscore = 'z.score'"), "8:9: there is no step 'z'"},
      {with("[hoist]\ncompany = 'inputs.company'"), "8:11: there is no input 'company'"},
      {with("[hoist]\ncompany = 'company'"),
       "8:11: 'company' in [hoist] cannot be 'company': it must"},
      {with("[hoist]\ncompany = 1"), "8:11: 'company' in [hoist] must be a text"},
      {with("[hoist]\nstatus = 'inputs.cv'"),
       "8:1: 'status' in [hoist] would hide the job's own field of that name; take another"},
      {with("[hoist]\nseq = 'inputs.cv'"), "8:1: 'seq' in [hoist] would hide"},
      {with("[hoist]\nCV = 'inputs.cv'"), "8:1: 'CV' in [hoist] is no good name"},
  });
}

TEST(Definition, HoistsOverNoneOfTheJobsOwnFields) {
  for (const auto& [field, value] : job::to_json(job::Job{})) {
    const std::string key(field);
    expect_wrong({{with("[hoist]\n" + key + " = 'inputs.cv'"),
                   "8:1: '" + key + "' in [hoist] would hide the job's own field"}});
  }
}

TEST(Definition, TellsEverythingThatIsWrong) {
  const auto read = parse_definition(
      "nam = 'p'\n[[steps]]\nname = 's'\ngenerate = '{{ inputs.x }} {{ steps.y.text }}'", "p");
  ASSERT_FALSE(read);
  EXPECT_THAT(
      read.error().message,
      testing::MatchesRegex("p:1:1: [^\n]*\np:1:1: [^\n]*\np:4:16: [^\n]*\np:4:31: [^\n]*"));
}

TEST(Definition, TheDocumentationsExampleWorks) {
  std::ifstream file(LLMSPOOL_SOURCE_DIR "/docs/pipelines.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t begin = text.find("```toml\n") + 8;
  const auto read = parse_definition(text.substr(begin, text.find("```", begin) - begin), "p");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->steps.size(), 3U);
}

TEST(Definition, DoesNotAskForOptimizersThatItCannotKnow) {
  EXPECT_TRUE(parse_definition("name='p'\n[[steps]]\nname='s'\noptimizer='any'", "p"));
}

}  // namespace
}  // namespace llmspool::pipeline
