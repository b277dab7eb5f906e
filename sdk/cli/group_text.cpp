// SPDX-License-Identifier: MIT
// Groups of jobs in words and tables; see group_text.hpp.
#include "group_text.hpp"

#include "text.hpp"

namespace llmspool::cli {
namespace {

std::int64_t jobs_in(const json::object& group, const char* status) {
  return integer_field(object_field(group, "jobs"), status).value_or(0);
}

std::string eta_of(const json::object& group) {
  const auto eta = integer_field(group, "eta_seconds");
  return eta ? "about " + human_duration(*eta) : "";
}

}  // namespace

std::string describe_group_jobs(const json::object& group) {
  std::string text;
  const auto add = [&](const char* status, const char* word) {
    if (const auto count = jobs_in(group, status); count > 0)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + ' ' + word;
  };
  add("processing", "running");
  add("pending", "waiting");
  add("held", "held");
  add("completed", "completed");
  add("failed", "failed");
  add("cancelled", "cancelled");
  const auto eta = eta_of(group);
  return text + (eta.empty() ? "" : "; " + eta);
}

std::string describe_group(const json::object& group) {
  return "Group " + escaped(text_field(group, "group")) + " is at " +
         text_field(group, "progress") + "%: " + describe_group_jobs(group) + '.';
}

Table group_table(const json::array& groups) {
  Table table({"GROUP", "OWNER", "DONE", "JOBS", "HELD", "WAITING", "RUNNING", "COMPLETED",
               "FAILED", "CANCELLED", "LEFT", "CREATED (UTC)"});
  for (const auto& value : groups) {
    const auto& group = as_object(value);
    const auto count = [&](const char* status) -> Cell {
      const auto jobs = jobs_in(group, status);
      return {jobs == 0 ? "" : std::to_string(jobs), status_colour(status)};
    };
    table.add({{text_field(group, "group")},
               {text_field(group, "owner")},
               {text_field(group, "progress") + '%'},
               {text_field(group, "total")},
               count("held"),
               count("pending"),
               count("processing"),
               count("completed"),
               count("failed"),
               count("cancelled"),
               {eta_of(group)},
               {short_time(text_field(group, "created_at"))}});
  }
  return table;
}

ExitCode exit_code_of_group(const json::object& group) {
  for (const char* status : {"held", "pending", "processing"})
    if (jobs_in(group, status) > 0) return ExitCode::job_not_ended;
  if (jobs_in(group, "failed") > 0) return ExitCode::job_failed;
  return jobs_in(group, "cancelled") > 0 ? ExitCode::job_cancelled : ExitCode::ok;
}

}  // namespace llmspool::cli
