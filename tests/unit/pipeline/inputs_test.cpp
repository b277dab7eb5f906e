// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/definition.hpp"

namespace llmspool::pipeline {
namespace {

using Texts = std::map<std::string, std::string>;

Definition definition() {
  Definition p;
  p.name = "p";
  p.inputs.resize(4);
  p.inputs[0].name = "cv";
  p.inputs[0].required = true;
  p.inputs[0].aliases = {"cv_file"};
  p.inputs[0].bytes_max = 8;
  p.inputs[1].name = "tone";
  p.inputs[1].default_value = "warm";
  p.inputs[2].name = "ats";
  p.inputs[2].type = Input::Type::boolean;
  p.inputs[2].default_value = "true";
  p.inputs[3].name = "agreed";
  p.inputs[3].type = Input::Type::boolean;
  p.inputs[3].default_value = "false";
  return p;
}

TEST(Inputs, AreFilledIn) {
  EXPECT_EQ(check_inputs(definition(), {{"cv_file", "me"}}).value(),
            (Texts{{"cv", "me"}, {"tone", "warm"}, {"ats", "true"}, {"agreed", "false"}}));
  // What a browser's form sends for fields that were left empty, and for a ticked box.
  EXPECT_EQ(check_inputs(definition(), {{"cv", "me"}, {"tone", ""}, {"ats", ""}, {"agreed", "on"}})
                .value(),
            (Texts{{"cv", "me"}, {"tone", "warm"}, {"ats", "true"}, {"agreed", "true"}}));
  EXPECT_EQ(check_inputs(definition(), {{"cv", "é\n"}, {"tone", " "}})->at("tone"), " ");
  EXPECT_EQ(check_inputs(definition(), {{"cv", "12345678"}})->at("cv"), "12345678");
}

TEST(Inputs, ReadBooleans) {
  for (const auto& [sent, expected] : Texts{{"true", "true"},
                                            {"TRUE", "true"},
                                            {"1", "true"},
                                            {"Yes", "true"},
                                            {"on", "true"},
                                            {"false", "false"},
                                            {"0", "false"},
                                            {"no", "false"},
                                            {"Off", "false"}})
    EXPECT_EQ(check_inputs(definition(), {{"cv", "x"}, {"ats", sent}})->at("ats"), expected)
        << sent;
}

TEST(Inputs, AreRefusedByName) {
  struct Case {
    Texts sent;
    std::string field, detail;
  };
  const std::vector<Case> cases{
      {{}, "inputs.cv", "it is required."},
      {{{"cv", ""}}, "inputs.cv", "it is required and empty."},
      {{{"cv_file", " \n"}}, "inputs.cv_file", "it is required and empty."},
      {{{"cv", "123456789"}}, "inputs.cv", "it is 9 bytes long; at most 8 are accepted."},
      {{{"cv", "ab\xFF"}}, "inputs.cv", "it is no UTF-8 text: byte 2 belongs to no character."},
      {{{"cv", "x"}, {"tune", "y"}},
       "inputs.tune",
       "the pipeline 'p' has no such input; did you mean 'tone'? It has: cv, tone, ats, agreed."},
      {{{"cv", "x"}, {"cv_file", "y"}},
       "inputs.cv_file",
       "the input 'cv' was sent twice, under different names."},
      {{{"cv", "x"}, {"ats", "perhaps"}}, "inputs.ats", "it must be true or false."},
      {{{"cv", "x"}, {"ats", " "}}, "inputs.ats", "it must be true or false."},
  };
  for (const Case& c : cases) {
    const auto inputs = check_inputs(definition(), c.sent);
    ASSERT_FALSE(inputs) << c.field;
    EXPECT_EQ(inputs.error().code, Code::invalid);
    ASSERT_EQ(inputs.error().fields.size(), 1U) << c.field;
    EXPECT_EQ(inputs.error().fields[0].field, c.field);
    EXPECT_EQ(inputs.error().fields[0].detail, c.detail);
    EXPECT_EQ(inputs.error().message, "The field '" + c.field + "' is wrong: " + c.detail);
  }
}

TEST(Inputs, OfEarlierAreTakenByTheirPresentNames) {
  EXPECT_EQ(present_inputs(definition(), {{"cv_file", "me"}, {"ats", "false"}, {"gone", "x"}}),
            (Texts{{"cv", "me"}, {"tone", "warm"}, {"ats", "false"}, {"agreed", "false"}}));
}

TEST(Inputs, OfEarlierAreTakenAsTheirPresentTypes) {
  EXPECT_EQ(present_inputs(definition(), {{"cv", "me"}, {"ats", "No"}, {"agreed", "perhaps"}}),
            (Texts{{"cv", "me"}, {"tone", "warm"}, {"ats", "false"}, {"agreed", "false"}}));
}

TEST(Inputs, OfEarlierMayLackOne) {
  EXPECT_EQ(present_inputs(definition(), {{"cv", " "}, {"tone", "cold"}}).error(), "cv");
  EXPECT_EQ(present_inputs(definition(), {{"tone", "cold"}}).error(), "cv");
}

TEST(Inputs, AreAllLookedAt) {
  const auto inputs = check_inputs(definition(), {{"x", ""}, {"ats", "?"}});
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().fields.size(), 3U);
  for (const FieldError& each : inputs.error().fields)
    EXPECT_NE(inputs.error().message.find("'" + each.field + "' is wrong"), std::string::npos);
}

}  // namespace
}  // namespace llmspool::pipeline
