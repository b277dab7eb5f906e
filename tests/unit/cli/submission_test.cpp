// SPDX-License-Identifier: MIT
// From the command line of `llmspool submit` to the body of POST /api/jobs.
#include "submission.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "exit_code.hpp"

using namespace std::string_literals;

namespace llmspool::cli {
namespace {

using testing::HasSubstr;

class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() { std::filesystem::create_directories(directory_); }
  ~SubmissionTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& content) const {
    const auto path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  json::object body(std::vector<std::string> arguments) {
    SubmitOptions options;
    CLI::App app;
    add_submit_options(app, options);
    std::ranges::reverse(arguments);  // as CLI11 takes them
    app.parse(arguments);
    return submit_body(options, {standard_input_, terminal_});
  }

  // What the person is told; fails if there is nothing wrong.
  std::string refusal(std::vector<std::string> arguments) {
    try {
      ADD_FAILURE() << json::serialize(body(std::move(arguments)));
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), ExitCode::usage);
      return failure.what();
    }
    return "";
  }

  std::istringstream standard_input_;
  bool terminal_ = true;

 private:
  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() /
      ("llmspool-submission-" +
       std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(SubmissionTest, APromptIsAllThatIsNeeded) {
  EXPECT_EQ(body({"Say hello"}), json::parse(R"({"prompt": "Say hello"})"));
}

TEST_F(SubmissionTest, EveryOptionHasItsField) {
  EXPECT_EQ(body({"Hello",
                  "-b",
                  "ollama",
                  "--backend",
                  "llamacpp",
                  "-m",
                  "tiny",
                  "--priority",
                  "70",
                  "-l",
                  "batch=spring",
                  "--label",
                  "a=b=c",
                  "--after",
                  "41",
                  "--hold",
                  "--delay",
                  "5",
                  "--deadline",
                  "2030-01-31T12:00:00Z",
                  "--timeout",
                  "60",
                  "--first-token-timeout",
                  "10",
                  "--token-timeout",
                  "5",
                  "--step-timeout",
                  "30",
                  "--group",
                  "spring",
                  "--supersede",
                  "draft",
                  "--max-attempts",
                  "2",
                  "--optimizer",
                  "redact",
                  "--optimizer",
                  R"(schema={"strict": true})"}),
            json::parse(R"({
              "prompt": "Hello", "backend": ["ollama", "llamacpp"], "model": "tiny",
              "priority": 70, "labels": {"batch": "spring", "a": "b=c"}, "after": ["41"],
              "hold": true, "delay_seconds": 5, "deadline": "2030-01-31T12:00:00Z",
              "timeout_seconds": 60, "first_token_timeout_seconds": 10,
              "token_timeout_seconds": 5, "step_timeout_seconds": 30,
              "group": "spring", "supersede": "draft", "max_attempts": 2,
              "optimizers": [{"name": "redact"}, {"name": "schema", "params": {"strict": true}}]
            })"));
}

TEST_F(SubmissionTest, ATimeIsGivenOn) {
  EXPECT_EQ(body({"Hello", "--not-before", "2030-01-31T12:00:00Z"}).at("not_before"),
            "2030-01-31T12:00:00Z");
}

TEST_F(SubmissionTest, OneBackendIsNoList) {
  EXPECT_EQ(body({"Hello", "--backend", "echo"}).at("backend"), "echo");
}

TEST_F(SubmissionTest, ParamsAreJsonWhereTheyReadAsJson) {
  EXPECT_EQ(body({"Hello", "--param", "temperature=0.7", "--param", "seed=1", "--param",
                  R"(stop=["a","b"])", "--param", "style=plain words", "--param", "text=\"7\""})
                .at("params"),
            json::parse(R"({"temperature": 0.7, "seed": 1, "stop": ["a", "b"],
                            "style": "plain words", "text": "7"})"));
}

TEST_F(SubmissionTest, APipelineTakesInputsAndFiles) {
  const auto cv = file("cv.md", "# Grüße\n");
  standard_input_.str("the posting");
  EXPECT_EQ(body({"-p", "application", "-i", "cv=@" + cv, "-i", "job_description=@-", "-i",
                  "company_name=A=B"}),
            json::parse(R"({"pipeline": "application",
                            "inputs": {"cv": "# Grüße\n", "job_description": "the posting",
                                       "company_name": "A=B"}})"));
}

TEST_F(SubmissionTest, ThePromptMayComeFromElsewhere) {
  EXPECT_EQ(body({"--file", file("p.txt", "from a file")}).at("prompt"), "from a file");
  standard_input_.str("asked for");
  EXPECT_EQ(body({"-"}).at("prompt"), "asked for");
  terminal_ = false;
  standard_input_ = std::istringstream("piped");
  EXPECT_EQ(body({}).at("prompt"), "piped");
}

TEST_F(SubmissionTest, NobodyIsLeftWaitingAtATerminal) {
  EXPECT_THAT(refusal({}), HasSubstr("There is no prompt"));
}

TEST_F(SubmissionTest, AnEmptyPromptIsNone) {
  EXPECT_THAT(refusal({""}), HasSubstr("empty"));
  terminal_ = false;
  EXPECT_THAT(refusal({}), HasSubstr("empty"));
}

TEST_F(SubmissionTest, WhatIsNoTextIsNamedWithItsFileAndOffset) {
  const auto pdf = file("cv.pdf", "%PDF-1.7\n\xe2\xe3");
  EXPECT_THAT(refusal({"-p", "application", "-i", "cv=@" + pdf}),
              testing::AllOf(HasSubstr(pdf), HasSubstr("offset 9")));
  EXPECT_THAT(refusal({"-f", file("zero", "a\0b"s)}), HasSubstr("offset 1"));
  standard_input_.str("\xff");
  EXPECT_THAT(refusal({"-"}), HasSubstr("Standard input"));
  EXPECT_THAT(refusal({"\xff"}), HasSubstr("The prompt"));
  EXPECT_THAT(refusal({"x", "--label", "a=\xff"}), HasSubstr("--label"));
}

TEST_F(SubmissionTest, AFileThatCannotBeReadIsNamed) {
  EXPECT_EQ(refusal({"-f", "/nonexistent/p"}),
            "The file '/nonexistent/p' cannot be opened: No such file or directory.");
  EXPECT_THAT(refusal({"-f", "/"}), HasSubstr("'/' cannot be read"));
}

TEST_F(SubmissionTest, WhatContradictsItselfIsRefused) {
  EXPECT_THAT(refusal({"x", "-f", "y"}), HasSubstr("not both"));
  EXPECT_THAT(refusal({"x", "-p", "application"}), HasSubstr("takes no prompt"));
  EXPECT_THAT(refusal({"x", "-i", "cv=a"}), HasSubstr("--pipeline"));
  EXPECT_THAT(refusal({"x", "--delay", "5", "--not-before", "2030-01-31T12:00:00Z"}),
              HasSubstr("not both"));
  EXPECT_THAT(refusal({"x", "--watch", "--wait", "5"}), HasSubstr("not both"));
  EXPECT_THAT(refusal({"x", "--label", "plain"}), HasSubstr("--label wants NAME=VALUE"));
  EXPECT_THAT(refusal({"x", "--label", "=v"}), HasSubstr("--label wants NAME=VALUE"));
  EXPECT_THAT(refusal({"x", "--label", "a=1", "--label", "a=2"}), HasSubstr("'a' twice"));
  EXPECT_THAT(refusal({"x", "--optimizer", "redact=yes"}), HasSubstr("JSON object"));
}

TEST_F(SubmissionTest, NumbersHaveBounds) {
  for (const char* option : {"--priority=101", "--priority=-1", "--delay=-1", "--timeout=0",
                             "--token-timeout=0", "--max-attempts=0", "--wait=x"})
    EXPECT_THROW(body({"x", option}), CLI::ParseError) << option;
}

}  // namespace
}  // namespace llmspool::cli
