// SPDX-License-Identifier: MIT
#include "pipeline/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace llmspool::pipeline {
namespace {

std::string rendered(std::string_view text) {
  const auto parsed = Template::parse(text);
  if (!parsed) return "wrong at " + std::to_string(parsed.error().offset);
  return parsed->render([](const Reference& reference) -> std::string_view {
    return reference.kind == Reference::Kind::input ? "<{{ inputs.x }}>" : "<step>";
  });
}

TEST(Template, SubstitutesInputsAndTexts) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"plain", "plain"},
           {"{{ inputs.cv }}", "<{{ inputs.x }}>"},  // what is put in is not read again
           {"a {{inputs.cv}} b", "a <{{ inputs.x }}> b"},
           {"{{ steps.match.text }}{{\n steps.a-b_2.text\t}}", "<step><step>"},
           {"{ } }} {\"a\": {\"b\": 1}}", "{ } }} {\"a\": {\"b\": 1}}"}})  // JSON is plain text
    EXPECT_EQ(rendered(text), expected) << text;
}

TEST(Template, TellsWhatItRefersToAndWhere) {
  const auto parsed = Template::parse("a {{ inputs.cv }} {{steps.match.text}}");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->references().size(), 2U);
  EXPECT_EQ(parsed->references()[0].name, "cv");
  EXPECT_EQ(parsed->references()[0].offset, 5U);
  EXPECT_EQ(parsed->references()[1].kind, Reference::Kind::step_text);
  EXPECT_EQ(parsed->references()[1].name, "match");
  EXPECT_EQ(parsed->references()[1].offset, 20U);
}

TEST(Template, RefusesAnythingElse) {
  struct Case {
    std::string text;
    std::size_t offset;
    std::string message;
  };
  const std::vector<Case> cases{
      {"a {{ inputs.cv", 2, "never closed"},
      {"{{ inputs.cv }", 0, "never closed"},
      {"{{}}", 2, "inputs.NAME or steps.NAME.text"},
      {"{{ cv }}", 3, "inputs.NAME or steps.NAME.text"},
      {"{{ inputs.CV }}", 3, "inputs.NAME or steps.NAME.text"},
      {"{{ inputs.cv.text }}", 3, "inputs.NAME or steps.NAME.text"},
      {"{{ inputs. }}", 3, "inputs.NAME or steps.NAME.text"},
      {"{{ steps.match }}", 3, "a step gives its text and nothing else"},
      {"{{ steps.match.report }}", 3, "a step gives its text and nothing else"},
      {"{{ steps..text }}", 3, "a step gives its text and nothing else"},
      {"{{ match.score }}", 3, "inputs.NAME or steps.NAME.text"},  // reports are for [hoist]
      {"{{ inputs.cv | upper }}", 3, "inputs.NAME or steps.NAME.text"},
      {"{{ inputs.cv }} {{ if x }}", 19, "inputs.NAME or steps.NAME.text"},
  };
  for (const Case& c : cases) {
    const auto parsed = Template::parse(c.text);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().offset, c.offset) << c.text;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr(c.message)) << c.text;
  }
}

TEST(Reference, IsAnInputATextOrAKeyOfAReport) {
  EXPECT_EQ(parse_reference("inputs.cv")->kind, Reference::Kind::input);
  EXPECT_EQ(parse_reference("steps.match.text")->kind, Reference::Kind::step_text);
  const auto report = parse_reference("match.ATS_score-2");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->kind, Reference::Kind::step_report);
  EXPECT_EQ(report->name, "match");
  EXPECT_EQ(report->key, "ATS_score-2");
  for (const char* wrong : {"", ".", "match", "match.", ".score", "a.b.c", "Match.score", "inputs"})
    EXPECT_FALSE(parse_reference(wrong)) << wrong;
}

}  // namespace
}  // namespace llmspool::pipeline
