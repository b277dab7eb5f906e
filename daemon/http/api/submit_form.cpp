// SPDX-License-Identifier: MIT
#include <charconv>

#include "http/api/fields.hpp"
#include "http/api/submit_body.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

// Plain fields of the JSON body that a form may have too, under the names of a form.
enum class Kind { text, integer, boolean };
struct FormField {
  std::string_view name, field;
  Kind kind;
};
constexpr FormField kFormFields[] = {
    {"pipeline", "pipeline", Kind::text},
    {"backend", "backend", Kind::text},
    {"backend_type", "backend", Kind::text},
    {"model", "model", Kind::text},
    {"backend_model", "model", Kind::text},
    {"priority", "priority", Kind::integer},
    {"not_before", "not_before", Kind::text},
    {"delay_seconds", "delay_seconds", Kind::integer},
    {"deadline", "deadline", Kind::text},
    {"timeout_seconds", "timeout_seconds", Kind::integer},
    {"max_attempts", "max_attempts", Kind::integer},
    {"hold", "hold", Kind::boolean},
};

// The value as the JSON body would have it; what does not fit stays a text, and is refused as one.
json::value typed(Kind kind, const std::string& text) {
  if (kind == Kind::integer) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && rest == end) return number;
  }
  if (kind == Kind::boolean) {
    if (text == "true" || text == "1" || text == "on") return true;
    if (text == "false" || text == "0" || text == "off") return false;
  }
  return json::value(json::string(text));
}

}  // namespace

Result<std::map<std::string, std::string>> form_fields(const std::vector<Part>& parts) {
  std::map<std::string, std::string> fields;
  for (const Part& part : parts) {
    if (part.is_unchosen_file && part.content.empty()) continue;
    if (auto why = not_a_document(part.content)) return fail_field(part.name, *std::move(why));
    std::string_view content = part.content;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);  // a byte order mark
    if (!fields.emplace(part.name, content).second) {
      return fail_field(part.name, "it is given more than once.");
    }
  }
  return fields;
}

Result<spool::Submission> submission_from_form(std::map<std::string, std::string> fields) {
  json::object body;
  for (const auto& [name, field, kind] : kFormFields) {
    const auto found = fields.find(std::string(name));
    if (found == fields.end()) continue;
    const std::string text = std::move(found->second);
    fields.erase(found);
    if (text.empty()) continue;  // a browser sends what was left empty
    const json::value value = typed(kind, text);
    if (const json::value* other = body.if_contains(field); other && *other != value) {
      return fail_field(std::string(name),
                        "it contradicts the field '" + std::string(field) + "'.");
    }
    body[field] = value;
  }
  const bool names_pipeline = body.contains("pipeline");
  // Without a pipeline, a lone prompt is a job with just a prompt.
  const bool just_prompt = !names_pipeline && fields.size() == 1 && fields.contains("prompt");
  if (just_prompt) {
    body["prompt"] = fields.at("prompt");
  } else if (!names_pipeline) {
    if (fields.empty()) {
      return fail(Code::invalid, "The form has no input: name a pipeline or give its inputs.");
    }
    body["pipeline"] = "any";  // stands in for the one that will be chosen
  }
  LLMSPOOL_TRY(submission, submission_from_json(body));
  if (just_prompt) return submission;
  submission.request.inputs = std::move(fields);
  if (!names_pipeline) {
    submission.job.pipeline.clear();
    submission.choose_pipeline = true;
  }
  return submission;
}

}  // namespace llmspool::http
