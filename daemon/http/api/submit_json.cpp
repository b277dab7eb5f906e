// SPDX-License-Identifier: MIT
#include "base/limits.hpp"
#include "base/text.hpp"
#include "http/api/fields.hpp"
#include "http/api/shared_fields.hpp"
#include "http/api/submit_body.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;
using limits::kNameBytesMax;

std::string index(std::string_view name, std::size_t i) {
  return std::string(name) + "[" + std::to_string(i) + "]";
}

void read_messages(Fields& fields, job::Request& request) {
  const json::array* messages = fields.array("messages", limits::kMessagesMax);
  if (!messages) return;
  if (messages->empty()) fields.wrong("messages", "it must have at least one message.");
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const json::object* object = (*messages)[i].if_object();
    if (!object) {
      fields.wrong(index("messages", i), R"(it must be an object {"role", "content"}.)");
      continue;
    }
    Fields inner(*object, index("messages", i) + ".");
    const auto role = inner.text("role", kNameBytesMax);
    const auto content = inner.document("content");
    if (!inner.has("content")) inner.wrong("content", "it is missing.");
    if (!inner.has("role")) {
      inner.wrong("role", "it is missing.");
    } else if (role && *role != "system" && *role != "user" && *role != "assistant") {
      inner.wrong("role", "it must be system, user or assistant, not '" + *role + "'.");
    }
    inner.refuse_others();
    fields.add(inner);
    if (role && content) request.messages.push_back({*role, *content});
  }
}

void read_inputs(Fields& fields, job::Request& request) {
  const json::object* inputs = fields.object("inputs");
  if (!inputs) return;
  Fields inner(*inputs, "inputs.");
  for (const auto& [key, value] : *inputs) {
    const std::string name(key);
    if (value.is_bool()) {
      request.inputs[name] = value.get_bool() ? "true" : "false";
    } else if (value.is_number()) {
      request.inputs[name] = number_text(value);
    } else if (auto text = inner.document(name)) {
      request.inputs[name] = *std::move(text);
    }
  }
  fields.add(inner);
}

void read_work(Fields& fields, spool::Submission& submission) {
  const auto prompt = fields.document("prompt");
  read_messages(fields, submission.request);
  const auto pipeline = fields.text("pipeline", kNameBytesMax);
  read_inputs(fields, submission.request);
  const int given = fields.has("prompt") + fields.has("messages") + fields.has("pipeline");
  if (given == 0) {
    fields.wrong("prompt", "a job needs a prompt, messages or a pipeline.");
  } else if (given > 1) {
    const std::string_view name = fields.has("pipeline") ? "pipeline" : "messages";
    fields.wrong(name, "a job has only one of prompt, messages and pipeline.");
  }
  if (fields.has("inputs") && !fields.has("pipeline")) {
    fields.wrong("inputs", "only a job with a pipeline has inputs.");
  }
  if (prompt && prompt->find_first_not_of(" \t\r\n") == std::string::npos) {
    fields.wrong("prompt", "it must not be empty.");
  } else if (prompt) {
    submission.request.messages.push_back({"user", *prompt});
  }
  if (pipeline && pipeline->empty()) fields.wrong("pipeline", "it must not be empty.");
  submission.job.pipeline = pipeline.value_or("");
}

void read_optimizers(Fields& fields, job::Request& request) {
  const json::array* list = fields.array("optimizers", limits::kBackendsMax);
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const json::object* object = (*list)[i].if_object();
    if (!object) {
      fields.wrong(index("optimizers", i), R"(it must be an object {"name", "params"}.)");
      continue;
    }
    Fields inner(*object, index("optimizers", i) + ".");
    const auto name = inner.text("name", kNameBytesMax);
    if (!inner.has("name")) inner.wrong("name", "it is missing.");
    const json::object* params = inner.object("params");
    inner.refuse_others();
    fields.add(inner);
    if (name) request.optimizers.push_back({*name, params ? *params : json::object()});
  }
}

void read_after(Fields& fields, std::vector<job::JobId>& after) {
  const json::array* list = fields.array("after", limits::kAfterMax);
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const json::string* text = (*list)[i].if_string();
    const auto id = text ? job::parse_id(*text) : std::nullopt;
    if (id) {
      after.push_back(*id);
    } else {
      fields.wrong(index("after", i), R"(it must be the id of a job, as a text such as "41".)");
    }
  }
}

// A word of the owner's own, that ties jobs together.
std::string read_word(Fields& fields, std::string_view name) {
  auto word = fields.text(name, kNameBytesMax);
  if (word && word->empty()) fields.wrong(name, "it must not be empty.");
  return word.value_or("");
}

void read_times(Fields& fields, spool::Submission& submission) {
  submission.job.not_before = fields.time("not_before");
  submission.job.deadline = fields.time("deadline");
  submission.delay_seconds = fields.integer("delay_seconds", 0, limits::kDelayMax.count());
  const auto seconds = [&](std::string_view name) {
    return fields.integer(name, 1, limits::kDelayMax.count());
  };
  submission.job.timeout_seconds = seconds("timeout_seconds");
  submission.job.first_token_timeout_seconds = seconds("first_token_timeout_seconds");
  submission.job.token_timeout_seconds = seconds("token_timeout_seconds");
  submission.job.step_timeout_seconds = seconds("step_timeout_seconds");
  if (fields.has("not_before") && fields.has("delay_seconds")) {
    fields.wrong("delay_seconds", "a job has only one of not_before and delay_seconds.");
  }
}

void drop_nulls(json::object& fields) {
  for (auto at = fields.begin(); at != fields.end();)
    at = at->value().is_null() ? fields.erase(at) : std::next(at);
}

void drop_nulls_of(json::object& fields, std::string_view name) {
  json::value* value = fields.if_contains(name);
  if (value != nullptr && value->is_object()) drop_nulls(value->get_object());
}

}  // namespace

Result<json::object> submission_body(std::string_view text, std::string_view what) {
  LLMSPOOL_TRY(body, parse_json_object(text, what));
  drop_nulls(body);
  drop_nulls_of(body, "params");
  drop_nulls_of(body, "inputs");
  json::value* optimizers = body.if_contains("optimizers");
  if (optimizers == nullptr || !optimizers->is_array()) return body;
  for (json::value& optimizer : optimizers->get_array()) {
    if (!optimizer.is_object()) continue;
    drop_nulls(optimizer.get_object());
    drop_nulls_of(optimizer.get_object(), "params");
  }
  return body;
}

void read_backends(Fields& fields, std::vector<std::string>& backends) {
  const json::value* value = fields.value("backend");
  if (value && value->is_array()) {
    const json::array* list = fields.array("backend", limits::kBackendsMax);
    if (!list) return;
    if (list->empty()) fields.wrong("backend", "the list must not be empty.");
    for (std::size_t i = 0; i < list->size(); ++i) {
      const json::string* name = (*list)[i].if_string();
      if (!name || name->empty() || name->size() > kNameBytesMax) {
        fields.wrong(index("backend", i), "it must be the name of a backend.");
      } else {
        backends.emplace_back(*name);
      }
    }
  } else if (value && value->is_string()) {
    const auto name = fields.text("backend", kNameBytesMax);
    if (name && name->empty()) fields.wrong("backend", "it must not be empty.");
    if (name) backends.push_back(*name);
  } else if (value) {
    fields.wrong("backend", "it must be the name of a backend or a list of such names.");
  }
}

void read_labels(Fields& fields, std::map<std::string, std::string>& labels) {
  const json::object* object = fields.object("labels");
  if (!object) return;
  if (object->size() > limits::kLabelsMax) {
    fields.wrong("labels", "a job has at most " + std::to_string(limits::kLabelsMax) + " labels.");
    return;
  }
  Fields inner(*object, "labels.");
  for (const auto& [key, ignored] : *object) {
    const std::string name(key);
    const auto text = inner.text(name, limits::kLabelBytesMax);
    if (name.empty() || name.size() > limits::kLabelBytesMax ||
        name.find(':') != std::string::npos || has_control_characters(name)) {
      inner.wrong(name, "a label's name is 1 to " + std::to_string(limits::kLabelBytesMax) +
                            " bytes without a colon or control characters.");
    } else if (!inner.has(name)) {
      inner.wrong(name, "it must be a text, not null.");
    } else if (text) {
      labels[name] = *text;
    }
  }
  fields.add(inner);
}

Result<spool::Submission> submission_from_json(const json::object& body) {
  spool::Submission submission;
  Fields fields(body);
  read_work(fields, submission);
  read_backends(fields, submission.job.backends);
  submission.job.model = fields.text("model", limits::kLabelBytesMax).value_or("");
  if (const json::object* params = fields.object("params")) submission.request.params = *params;
  read_optimizers(fields, submission.request);
  submission.job.priority =
      static_cast<int>(fields.integer("priority", 0, 100).value_or(submission.job.priority));
  read_times(fields, submission);
  submission.job.max_attempts =
      static_cast<int>(fields.integer("max_attempts", 1, limits::kAttemptsMax)
                           .value_or(submission.job.max_attempts));
  read_after(fields, submission.job.after);
  submission.hold = fields.boolean("hold").value_or(false);
  read_labels(fields, submission.job.labels);
  submission.job.group = read_word(fields, "group");
  submission.job.supersede = read_word(fields, "supersede");
  fields.refuse_others();
  LLMSPOOL_CHECK(fields.check());
  return submission;
}

}  // namespace llmspool::http
