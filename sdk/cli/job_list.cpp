// SPDX-License-Identifier: MIT
// Lists of jobs; see job_list.hpp.
#include "job_list.hpp"

#include <algorithm>
#include <iterator>

#include "exit_code.hpp"
#include "job_text.hpp"
#include "pairs.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

constexpr std::int64_t kPageMax = 500, kUsual = 50;

// A field's value on one line: {"batch": "spring"} as "batch=spring", ["41", "42"] as "41, 42".
std::string shown(const json::value& value) {
  std::string text;
  const auto add = [&](const std::string& item) { text += (text.empty() ? "" : ", ") + item; };
  if (const auto* object = value.if_object())
    for (const auto& [name, item] : *object) add(std::string(name) + '=' + shown(item));
  else if (const auto* array = value.if_array())
    for (const auto& item : *array) add(shown(item));
  else if (const auto* string = value.if_string())
    text = *string;
  else if (!value.is_null())
    text = json::serialize(value);
  return text;
}

// "priority        50"; nothing for a field without a value.
std::string field_line(std::string_view name, const std::string& value) {
  constexpr std::size_t kNameColumns = 16;
  const auto text = escaped(value);
  if (text.empty()) return "";
  auto line = escaped(name);
  line.append(std::max(columns(line) + 1, kNameColumns) - columns(line), ' ');
  return line + text + '\n';
}

// "1 on echo at 2026-11-24 10:12:13, step cv: It broke. (backend_failed, not to be repeated)"
std::string attempt_text(const json::object& attempt) {
  const auto step = text_field(attempt, "step");
  return text_field(attempt, "attempt") + " on " + text_field(attempt, "backend") + " at " +
         short_time(text_field(attempt, "at")) + (step.empty() ? "" : ", step " + step) + ": " +
         text_field(attempt, "detail") + " (" + text_field(attempt, "code") +
         (text_field(attempt, "retryable") == "false" ? ", not to be repeated" : "") + ')';
}

}  // namespace

void add_list_options(CLI::App& command, ListOptions& options) {
  command
      .add_option("--status,-s", options.statuses,
                  "Only jobs of this status, or of several with commas")
      ->type_name("STATUS")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->check(CLI::IsMember({"held", "pending", "processing", "completed", "failed", "cancelled"}));
  const auto filter = [&](const char* name, std::optional<std::string>& value, const char* help) {
    command.add_option(name, value, help)->type_name("NAME");
  };
  filter("--pipeline,-p", options.pipeline, "Only jobs of this pipeline");
  filter("--backend,-b", options.backend, "Only jobs on this backend");
  filter("--model,-m", options.model, "Only jobs with this model");
  filter("--group,-g", options.group, "Only jobs of this group");
  filter("--owner", options.owner, "Only jobs of this owner");
  command.add_option("--label,-l", options.labels, "Only jobs with this label; may be repeated")
      ->type_name(kPairType)
      ->allow_extra_args(false);
  auto* all = command.add_flag("--all", options.all, "All of them, however many there are");
  command.add_option("--limit,-n", options.limit, "At most so many, up to 500; else 50")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, kPageMax).description(""))
      ->excludes(all);
}

std::string list_target(const ListOptions& options, const std::string& cursor) {
  std::string query;
  const auto add = [&](const std::string& name, const std::string& value) {
    query += (query.empty() ? '?' : '&') + name + '=' + percent_encoded(value);
  };
  const auto add_if = [&](const std::string& name, const std::optional<std::string>& value) {
    if (value) add(name, *value);
  };
  for (const auto& status : options.statuses) add("status", status);
  add_if("pipeline", options.pipeline);
  add_if("backend", options.backend);
  add_if("model", options.model);
  add_if("group", options.group);
  add_if("owner", options.owner);
  for (const auto& label : options.labels) {
    const auto [name, value] = split_pair("--label", label);
    if (name.contains(':'))
      throw Failure(ExitCode::usage,
                    "--label names '" + name + "', but no label's name has a colon.");
    add("label", std::string(name).append(1, ':').append(value));
  }
  if (options.all)
    add("limit", std::to_string(kPageMax));
  else if (options.limit)
    add("limit", std::to_string(*options.limit));
  if (!cursor.empty()) add("cursor", cursor);
  return "/api/jobs" + query;
}

json::object read_jobs(ListOptions options,
                       const std::function<json::object(const std::string& target)>& get) {
  const auto wanted = options.limit.value_or(kUsual);
  json::array jobs;
  std::string cursor;
  do {
    if (!options.all) options.limit = wanted - std::ssize(jobs);
    const auto page = get(list_target(options, cursor));
    const auto& more = array_field(page, "jobs");
    jobs.insert(jobs.end(), more.begin(), more.end());
    cursor = text_field(page, "next_cursor");
  } while (!cursor.empty() && (options.all || std::ssize(jobs) < wanted));
  return {{"jobs", std::move(jobs)},
          {"next_cursor", cursor.empty() ? json::value(nullptr) : json::value(cursor)}};
}

Table job_table(const json::array& jobs) {
  Table table({"JOB", "STATUS", "DONE", "PRIO", "PIPELINE", "BACKEND", "MODEL", "OWNER",
               "CREATED (UTC)", "MESSAGE"});
  for (const auto& value : jobs) {
    const auto& job = as_object(value);
    const auto text = [&](const char* name) { return text_field(job, name); };
    const auto error = text("error");
    // Of a job that is to be tried again the message tells why.
    const auto waits = text("retry_at").empty() ? what_it_waits_for(job) : std::nullopt;
    const auto position = text("queue_position");
    table.add({{text("job_id")},
               {text("status"), status_colour(text("status"))},
               {position.empty() ? text("progress") + '%' : '#' + position},
               {text("priority")},
               {text("pipeline")},
               {text("backend")},
               {text("model")},
               {text("owner")},
               {short_time(text("created_at"))},
               {one_line(error.empty() ? waits.value_or(text("message")) : error)}});
  }
  return table;
}

std::string field_lines(const json::object& object) {
  std::string lines;
  for (const auto& [name, value] : object) lines += field_line(name, shown(value));
  return lines;
}

std::string job_details(const json::object& job) {
  auto fields = job;
  for (const char* name : {"output", "error_info", "attempts", "contents_removed"})
    fields.erase(name);
  for (const char* sentence : {"message", "error"})
    fields[sentence] = one_line(text_field(job, sentence));
  auto details = field_lines(fields);
  for (const auto& attempt : array_field(job, "attempts"))
    details += field_line("failed attempt", one_line(attempt_text(as_object(attempt))));
  if (const auto output = harmless(text_field(job, "output")); !output.empty())
    details += '\n' + output + (output.ends_with('\n') ? "" : "\n");
  if (const auto removal = describe_removal(job)) details += '\n' + harmless(*removal) + '\n';
  return details;
}

}  // namespace llmspool::cli
