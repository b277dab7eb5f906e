// SPDX-License-Identifier: MIT
// Jobs and their events in words; see job_text.hpp.
#include "job_text.hpp"

#include "text.hpp"

namespace llmspool::cli {
namespace {

// "Failed: the reason" or, without a reason, "Failed."
std::string with_reason(const std::string& sentence, const std::string& reason) {
  return sentence + (reason.empty() ? "." : ": " + reason);
}

// ", position 3, about 40 s", as far as it is known.
std::string place_in_queue(const json::object& job) {
  const auto position = text_field(job, "queue_position");
  const auto eta = integer_field(job, "eta_seconds");
  return (position.empty() ? "" : ", position " + position) +
         (eta ? ", about " + human_duration(*eta) : "");
}

}  // namespace

std::string error_text(const json::object& object) {
  const auto detail = text_field(object_field(object, "error"), "detail");
  return detail.empty() ? text_field(object, "error") : detail;
}

std::string describe_job(const json::object& job) {
  const auto status = text_field(job, "status");
  const auto name = "Job " + text_field(job, "job_id");
  if (const auto waits = what_it_waits_for(job)) return name + ' ' + *waits + '.';
  if (status == "pending")
    return name + " is waiting (priority " + text_field(job, "priority") + place_in_queue(job) +
           ").";
  if (status == "held")
    return name + " is held; release it with 'llmspool release " + text_field(job, "job_id") + "'.";
  if (status == "processing") return name + " is running (" + text_field(job, "progress") + "%).";
  if (status == "failed") return with_reason(name + " failed", error_text(job));
  if (status == "cancelled") return name + " was cancelled.";
  return name + " is " + status + ".";
}

std::string describe_priority(const json::object& job) {
  return "Job " + text_field(job, "job_id") + " has priority " + text_field(job, "priority") +
         place_in_queue(job) + '.';
}

std::string describe_destination(const json::object& job) {
  const auto model = text_field(job, "model");
  return "Job " + text_field(job, "job_id") + " goes to " + text_field(job, "backend") +
         (model.empty() ? "" : ", model " + model) + place_in_queue(job) + '.';
}

ExitCode exit_code_of(const json::object& job) {
  const auto status = text_field(job, "status");
  if (status == "completed") return ExitCode::ok;
  if (status == "failed") return ExitCode::job_failed;
  if (status == "cancelled") return ExitCode::job_cancelled;
  return ExitCode::job_not_ended;
}

std::optional<std::string> what_it_waits_for(const json::object& job) {
  // One that waits for its turn has a place.
  if (text_field(job, "status") != "pending" || !text_field(job, "queue_position").empty())
    return std::nullopt;
  std::string after;
  for (const auto& id : array_field(job, "after"))
    after += (after.empty() ? "" : ", ") + std::string(id.is_string() ? id.get_string() : "?");
  const auto retry = text_field(job, "retry_at");
  const auto start = text_field(job, "not_before");
  // One that has been tried waits for no other job any more.
  if (retry > start) return "waits until " + short_time(retry) + " UTC to be tried again";
  const auto others = "for these to have completed: " + after;
  if (start.empty()) return after.empty() ? std::nullopt : std::optional("waits " + others);
  return "waits until " + short_time(start) + " UTC" + (after.empty() ? "" : " and " + others);
}

std::optional<std::string> describe_hindrance(const json::object& job) {
  const bool hindered = text_field(job, "status") == "held" || what_it_waits_for(job);
  return hindered ? std::optional(describe_job(job)) : std::nullopt;
}

std::optional<std::string> describe_removal(const json::object& job) {
  if (text_field(job, "contents_removed") != "true") return std::nullopt;
  return "The texts and files of job " + text_field(job, "job_id") +
         " have been removed, since it ended long ago ([retention] content_days).";
}

std::string describe_change(const json::object& job) {
  std::string labels;
  for (const auto& [name, value] : object_field(job, "labels"))
    labels += (labels.empty() ? "" : ", ") + escaped(name) + '=' +
              escaped(text_field(object_field(job, "labels"), name));
  return describe_job(job) + (labels.empty() ? "" : " Its labels: " + labels + '.');
}

std::string describe_wait(const json::object& place) {
  return "Waiting" + place_in_queue(place);
}

std::string describe_progress(const json::object& event) {
  const auto step = text_field(event, "current_step");
  return text_field(event, "progress") + "% " + (step.empty() ? "" : step + ": ") +
         text_field(event, "message");
}

std::optional<std::string> describe_event(const json::object& event) {
  const auto type = text_field(event, "type");
  if (type == "started" && integer_field(event, "attempt").value_or(1) > 1)
    return "Attempt " + text_field(event, "attempt") + " on " + text_field(event, "backend") + '.';
  if (type == "file") {
    const auto size = integer_field(event, "size").value_or(0);
    return "File " + text_field(event, "filename") + " (" +
           human_size(static_cast<std::uint64_t>(size)) + ").";
  }
  if (type == "retrying") {
    const auto seconds = text_field(event, "in_seconds");
    return with_reason("Trying again " + (seconds == "0" ? "at once" : "in " + seconds + " s"),
                       error_text(event));
  }
  if (type == "requeued") return text_field(event, "message") + '.';
  if (type == "held") return with_reason("Held", text_field(event, "reason"));
  if (type == "released") return "Released.";
  if (type == "completed") return "Completed.";
  if (type == "failed") return with_reason("Failed", error_text(event));
  if (type == "cancelled") return "Cancelled.";
  return std::nullopt;
}

}  // namespace llmspool::cli
