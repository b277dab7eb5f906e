// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "base/bounded.hpp"
#include "http/api/fields.hpp"
#include "http/api/idempotency.hpp"
#include "http/api/submit_body.hpp"

namespace llmspool::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<spool::Submission> from_json(std::string_view text) {
  LLMSPOOL_TRY(body, submission_body(text));
  return submission_from_json(body);
}

TEST(JsonSubmission, OfAPrompt) {
  const auto submission = from_json(R"({"prompt":"Hello"})");
  ASSERT_TRUE(submission) << submission.error().message;
  ASSERT_EQ(submission->request.messages.size(), 1U);
  EXPECT_EQ(submission->request.messages[0].role, "user");
  EXPECT_EQ(submission->request.messages[0].content, "Hello");
  EXPECT_EQ(submission->job.priority, 50);
  EXPECT_EQ(submission->job.max_attempts, 3);
  EXPECT_TRUE(submission->job.backends.empty());
}

TEST(JsonSubmission, OfEverything) {
  const auto submission = from_json(R"({
    "pipeline": "application", "inputs": {"cv": "a", "ats": true, "n": 3, "half": 0.5, "one": 1.0,
                                          "large": 100000.0, "small": 0.0001,
                                          "none": null},
    "backend": ["ollama", "llamacpp"], "model": "tiny", "params": {"temperature": 0.7, "seed": null},
    "optimizers": [{"name": "redact", "params": {"x": 1, "y": null}}, {"name": "plain"}],
    "priority": 0, "not_before": "2026-11-24T12:00:00Z", "deadline": "2026-11-25T12:00:00+01:00",
    "timeout_seconds": 600, "max_attempts": 1, "after": ["41", "42"], "hold": true,
    "labels": {"batch": "spring"}})");
  ASSERT_TRUE(submission) << submission.error().message;
  EXPECT_THAT(submission->request.inputs,
              ElementsAre(Pair("ats", "true"), Pair("cv", "a"), Pair("half", "0.5"),
                          Pair("large", "100000"), Pair("n", "3"), Pair("one", "1"),
                          Pair("small", "0.0001")));
  EXPECT_FALSE(submission->request.params.contains("seed"));
  EXPECT_THAT(submission->job.backends, ElementsAre("ollama", "llamacpp"));
  ASSERT_EQ(submission->request.optimizers.size(), 2U);
  EXPECT_EQ(submission->request.optimizers[0].params, (boost::json::object{{"x", 1}}));
  EXPECT_EQ(submission->job.priority, 0);
  EXPECT_EQ(format_time(*submission->job.deadline), "2026-11-25T11:00:00.000Z");
  EXPECT_THAT(submission->job.after, ElementsAre(41, 42));
  EXPECT_TRUE(submission->hold);
  EXPECT_THAT(submission->job.labels, ElementsAre(Pair("batch", "spring")));
}

TEST(JsonSubmission, NamesTheFieldThatIsWrong) {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {R"({})", "prompt", "needs a prompt, messages or a pipeline"},
      {R"({"prompt":"a","pipeline":"b"})", "pipeline", "only one of"},
      {R"({"prompt":"a","messages":[{"role":"user","content":"x"}]})", "messages", "only one of"},
      {R"({"prompt":" "})", "prompt", "empty"},
      {R"({"prompt":1})", "prompt", "a text, not a number"},
      {R"({"prompt":["a"]})", "prompt", "a text, not a list"},
      {R"({"prompt":"a\u0000b"})", "prompt", "binary"},
      {R"({"prompt":"%PDF-1.7"})", "prompt", "PDF"},
      {R"({"prompt":"a","inputs":{}})", "inputs", "only a job with a pipeline"},
      {R"({"pipeline":"p","inputs":{"cv":["a"]}})", "inputs.cv", "a text, not a list"},
      {R"({"pipeline":"p","inputs":{"cv":"%PDF"}})", "inputs.cv", "PDF"},
      {R"({"messages":[]})", "messages", "at least one"},
      {R"({"messages":["a"]})", "messages[0]", "object"},
      {R"({"messages":[{"role":"user"}]})", "messages[0].content", "missing"},
      {R"({"messages":[{"content":"a"}]})", "messages[0].role", "missing"},
      {R"({"messages":[{"role":"king","content":"a"}]})", "messages[0].role", "'king'"},
      {R"({"messages":[{"role":"user","content":"a","name":"b"}]})", "messages[0].name",
       "content, role"},
      {R"({"prompt":"a","priority":101})", "priority", "from 0 to 100, not 101"},
      {R"({"prompt":"a","priority":-1})", "priority", "from 0 to 100"},
      {R"({"prompt":"a","priority":0.5})", "priority", "whole number from 0 to 100, not 0.5."},
      {R"({"prompt":"a","priority":"high"})", "priority", "from 0 to 100, not a text"},
      {R"({"prompt":"a","priority":true})", "priority", "not true"},
      {R"({"prompt":"a","backend":""})", "backend", "empty"},
      {R"({"prompt":"a","backend":[]})", "backend", "empty"},
      {R"({"prompt":"a","backend":[1]})", "backend[0]", "name of a backend"},
      {R"({"prompt":"a","backend":{}})", "backend", "name of a backend"},
      {R"({"prompt":"a","model":7})", "model", "a text, not a number"},
      {R"({"prompt":"a","params":"x"})", "params", "an object, not a text"},
      {R"({"prompt":"a","optimizers":["redact"]})", "optimizers[0]", "object"},
      {R"({"prompt":"a","optimizers":[{"params":{}}]})", "optimizers[0].name", "missing"},
      {R"({"prompt":"a","not_before":"tomorrow"})", "not_before", "a time such as"},
      {R"({"prompt":"a","not_before":1764000000})", "not_before", "a time such as"},
      {R"({"prompt":"a","delay_seconds":-1})", "delay_seconds", "from 0"},
      {R"({"prompt":"a","delay_seconds":1,"not_before":"2026-11-24T12:00:00Z"})", "delay_seconds",
       "only one of"},
      {R"({"prompt":"a","timeout_seconds":0})", "timeout_seconds", "from 1"},
      {R"({"prompt":"a","max_attempts":0})", "max_attempts", "from 1 to 100"},
      {R"({"prompt":"a","after":[41]})", "after[0]", "\"41\""},
      {R"({"prompt":"a","after":["x"]})", "after[0]", "id of a job"},
      {R"({"prompt":"a","after":"41"})", "after", "a list, not a text"},
      {R"({"prompt":"a","hold":"yes"})", "hold", "true or false, not a text"},
      {R"({"prompt":"a","labels":{"a":1}})", "labels.a", "a text, not a number"},
      {R"({"prompt":"a","labels":{"a":null}})", "labels.a", "not null"},
      {R"({"prompt":"a","labels":{"a:b":"c"}})", "labels.a:b", "colon"},
      {R"({"prompt":"a","labels":{"a\tb":"c"}})", "labels.a\tb", "control characters"},
      {R"({"prompt":"a","labels":{"a":"b\n"}})", "labels.a", "control characters"},
      {R"({"prompt":"a","group":"a\u007f"})", "group", "control characters"},
      {R"({"prompt":"a","supersede":"a\nb"})", "supersede", "control characters"},
      {R"({"prompt":"a","labels":[]})", "labels", "an object, not a list"},
      {R"({"prompt":"a","promt":"b"})", "promt", "there are: after, backend"},
  };
  for (const auto& [text, field, detail] : cases) {
    const auto submission = from_json(text);
    ASSERT_FALSE(submission) << text;
    EXPECT_EQ(submission.error().code, Code::invalid);
    ASSERT_EQ(submission.error().fields.size(), 1U) << text << submission.error().message;
    EXPECT_EQ(submission.error().fields[0].field, field) << text;
    EXPECT_THAT(submission.error().fields[0].detail, HasSubstr(detail)) << text;
    EXPECT_THAT(submission.error().message, HasSubstr("'" + field + "'"));
  }
}

TEST(JsonSubmission, IsOneObjectAndNothingMore) {
  EXPECT_THAT(from_json(R"({"prompt":"a"} {"prompt":"b"})").error().message,
              HasSubstr("not JSON at byte 15: more follows"));
  EXPECT_THAT(from_json(R"({"prompt":)").error().message, HasSubstr("incomplete"));
}

TEST(JsonSubmission, NamesAllThatIsWrongAtOnce) {
  const auto submission = from_json(R"({"prompt":1,"priority":"x","foo":1})");
  ASSERT_FALSE(submission);
  EXPECT_EQ(submission.error().fields.size(), 3U);
}

// So many times the same in a list.
std::string list(std::size_t items, const std::string& item) {
  std::string result;
  for (std::size_t i = 0; i < items; ++i) result += (i == 0 ? "" : ",") + item;
  return "[" + result + "]";
}

TEST(JsonSubmission, IsToldABoundedNumberOfErrors) {
  const auto after = [](std::size_t wrong) {
    return from_json(R"({"prompt":"a","after":)" + list(wrong, "1") + "}").error().fields.size();
  };
  EXPECT_EQ(after(kErrorsTold), kErrorsTold);
  EXPECT_EQ(after(kErrorsTold + 1), kErrorsTold);
}

TEST(JsonSubmission, IsToldABoundedNumberOfErrorsInItsParts) {
  const auto messages = [](std::size_t wrong) {
    return from_json(R"({"messages":)" + list(wrong, R"({"role":"user"})") + "}")
        .error()
        .fields.size();
  };
  EXPECT_EQ(messages(kErrorsTold), kErrorsTold);
  EXPECT_EQ(messages(kErrorsTold + 1), kErrorsTold);
}

TEST(JsonBody, IsRefusedWithThePlaceWhereItIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "it is empty"},
      {"{", "byte 1"},
      {"{\"a\":}", "byte 5"},
      {"{} x", "byte 3"},
      {"[]", "a JSON object, not a list"},
      {"\"a\"", "not a text"},
      {"{\"a\":\"\xff\"}", "UTF-8 at byte 6"},
      {"{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}", "deeper than 32"},
      {R"({"a":"\ud800"})", "not JSON"},
      {R"({"a":1e999})", "beyond the largest"},
  };
  for (const auto& [text, message] : cases) {
    const auto body = parse_json_object(text);
    ASSERT_FALSE(body) << text;
    EXPECT_THAT(body.error().message, HasSubstr(message)) << text;
  }
  EXPECT_TRUE(parse_json_object(" {\"a\":1, \"a\":2} \n"));
  EXPECT_TRUE(parse_json_object("\xEF\xBB\xBF{}")) << "as some editors save it";
}

Result<spool::Submission> from_form(std::map<std::string, std::string> fields) {
  return submission_from_form(std::move(fields));
}

TEST(FormSubmission, TakesEveryFieldAsAnInput) {
  const auto submission = from_form({{"cv_file", "cv"},
                                     {"company_name", ""},
                                     {"enable_ats", "true"},
                                     {"backend_type", "llamacpp"},
                                     {"backend_model", "tiny"},
                                     {"priority", "70"},
                                     {"hold", "on"}});
  ASSERT_TRUE(submission) << submission.error().message;
  EXPECT_TRUE(submission->choose_pipeline);
  EXPECT_EQ(submission->job.pipeline, "");
  EXPECT_THAT(
      submission->request.inputs,
      ElementsAre(Pair("company_name", ""), Pair("cv_file", "cv"), Pair("enable_ats", "true")));
  EXPECT_THAT(submission->job.backends, ElementsAre("llamacpp"));
  EXPECT_EQ(submission->job.model, "tiny");
  EXPECT_EQ(submission->job.priority, 70);
  EXPECT_TRUE(submission->hold);
}

TEST(FormSubmission, MayNameItsPipelineOrBeAPrompt) {
  const auto named = from_form({{"pipeline", "application"}, {"prompt", "an input"}});
  ASSERT_TRUE(named);
  EXPECT_FALSE(named->choose_pipeline);
  EXPECT_EQ(named->job.pipeline, "application");
  EXPECT_THAT(named->request.inputs, ElementsAre(Pair("prompt", "an input")));
  const auto prompt = from_form({{"prompt", "Hello"}, {"model", "tiny"}, {"pipeline", ""}});
  ASSERT_TRUE(prompt);
  EXPECT_FALSE(prompt->choose_pipeline);
  EXPECT_EQ(prompt->request.messages.at(0).content, "Hello");
  const auto several = from_form({{"prompt", "Hello"}, {"cv", "# CV"}});
  ASSERT_TRUE(several);
  EXPECT_THAT(several->request.inputs, ElementsAre(Pair("cv", "# CV"), Pair("prompt", "Hello")));
}

TEST(FormSubmission, IsRefusedWhereItIsWrong) {
  EXPECT_FALSE(from_form({}));
  EXPECT_FALSE(from_form({{"backend", "a"}}));
  EXPECT_EQ(from_form({{"cv", "a"}, {"priority", "high"}}).error().fields[0].field, "priority");
  EXPECT_EQ(from_form({{"cv", "a"}, {"hold", "perhaps"}}).error().fields[0].field, "hold");
  const auto twice = from_form({{"cv", "a"}, {"backend", "x"}, {"backend_type", "y"}});
  EXPECT_EQ(twice.error().fields[0].field, "backend_type");
  EXPECT_TRUE(from_form({{"cv", "a"}, {"backend", "x"}, {"backend_type", "x"}}));
}

TEST(FormFields, AreDocuments) {
  const std::string marked = "\xEF\xBB\xBFtext";
  std::vector<Part> parts(2);
  parts[0].name = "a";
  parts[0].content = marked;
  parts[1].name = "none";
  parts[1].is_unchosen_file = true;
  EXPECT_THAT(*form_fields(parts), ElementsAre(Pair("a", "text")));
  for (const std::string_view content :
       {std::string_view("%PDF-1.4\n"), std::string_view("PK\x03\x04\0\0", 6),
        std::string_view("h\0i\0", 4), std::string_view("\xff\xfeh")}) {
    parts[0].content = content;
    const auto fields = form_fields(parts);
    ASSERT_FALSE(fields);
    EXPECT_EQ(fields.error().fields.at(0).field, "a");
    EXPECT_THAT(fields.error().message, HasSubstr("plain text or Markdown"));
  }
  parts[0].content = "x";
  parts[1] = parts[0];
  EXPECT_THAT(form_fields(parts).error().message, HasSubstr("more than once"));
}

TEST(IdempotencyKey, IsQuotedOrBare) {
  const auto key = [](std::string value) {
    Headers headers;
    headers.add("Idempotency-Key", std::move(value));
    return idempotency_key(headers);
  };
  EXPECT_EQ(*idempotency_key({}), "");
  EXPECT_EQ(*key("abc-1"), "abc-1");
  EXPECT_EQ(*key("\"abc-1\""), "abc-1");
  EXPECT_EQ(*key(R"("a\"b\\c")"), R"(a"b\c)");
  for (const std::string& wrong :
       {std::string(), std::string("\"\""), std::string("\"a"), std::string("\"a\"b"),
        std::string("ä"), std::string(256, 'k')}) {
    EXPECT_FALSE(key(wrong)) << wrong;
  }
}

TEST(IdempotencyKey, IsOneAlone) {
  Headers headers;
  for (const char* key : {"a", "b"}) headers.add("Idempotency-Key", key);
  EXPECT_FALSE(idempotency_key(headers));
}

TEST(Fingerprint, IsTheSameForTheSameContent) {
  const auto of = [](std::string_view text) {
    return fingerprint(boost::json::value(*submission_body(text)));
  };
  EXPECT_EQ(of(R"({"a":1,"b":{"c":[1,2],"d":"x"}})"), of(R"({ "b":{"d":"x","c":[1,2]},"a":1 })"));
  EXPECT_NE(of(R"({"a":{"b":null}})"), of(R"({"a":{}})"));
  EXPECT_NE(of(R"({"a":[1,2]})"), of(R"({"a":[2,1]})"));
  EXPECT_NE(of(R"({"a":"1"})"), of(R"({"a":1})"));
  // Stored keys must keep their meaning across versions.
  EXPECT_EQ(of(R"({"a":1})"), "0f5704e3e2b9ecec4822e199f31cd1ffd1e0c69bb7cb744b77e34f45d53a2043");
  using Form = std::map<std::string, std::string>;
  EXPECT_NE(fingerprint(Form{{"a", "bc"}}), fingerprint(Form{{"ab", "c"}}));
  EXPECT_NE(fingerprint(Form{{"a", "b"}}), fingerprint(Form{{"c", "b"}}));
}

TEST(Fingerprint, IsTheSameWithAndWithoutWhatIsNull) {
  const auto of = [](std::string_view text) {
    return fingerprint(boost::json::value(*submission_body(text)));
  };
  EXPECT_EQ(of(R"({"a":1,"b":null})"), of(R"({"a":1})"));
  EXPECT_EQ(of(R"({"params":{"seed":null,"stop":null}})"), of(R"({"params":{}})"));
  EXPECT_EQ(of(R"({"optimizers":[{"name":"x","params":{"y":null}}]})"),
            of(R"({"optimizers":[{"name":"x","params":{}}]})"));
  EXPECT_NE(of(R"({"params":{"json_schema":{"default":null}}})"),
            of(R"({"params":{"json_schema":{}}})"));
}

}  // namespace
}  // namespace llmspool::http
