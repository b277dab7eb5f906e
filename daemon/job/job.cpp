// SPDX-License-Identifier: MIT
#include "job/job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>

#include "job/or_null.hpp"

namespace llmspool::job {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> kStatusNames{"held",      "pending", "processing",
                                                       "completed", "failed",  "cancelled"};

json::object labels_to_json(const std::map<std::string, std::string>& labels) {
  json::object object;
  for (const auto& [key, value] : labels) object.emplace(key, value);
  return object;
}

json::array ids_to_json(const std::vector<JobId>& ids) {
  json::array array;
  for (const JobId id : ids) array.emplace_back(std::to_string(id));
  return array;
}

// Those that have not given up on the job.
std::vector<std::string> still_willing(const Job& job, std::span<const std::string> backends) {
  std::vector<std::string> willing;
  std::ranges::copy_if(backends, std::back_inserter(willing), [&](const std::string& name) {
    return std::ranges::none_of(job.failures, [&](const Failure& failure) {
      return !failure.retryable && failure.backend == name;
    });
  });
  return willing;
}

}  // namespace

std::optional<JobId> parse_id(std::string_view text) {
  JobId id = 0;
  const auto [stop, error] = std::from_chars(text.begin(), text.end(), id);
  // One id, one spelling: no sign, no leading zero.
  if (error != std::errc{} || stop != text.end() || id <= 0 || text.front() == '0')
    return std::nullopt;
  return id;
}

std::string_view to_string(Status status) {
  return kStatusNames.at(static_cast<std::size_t>(status));
}

std::optional<Status> parse_status(std::string_view text) {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), text);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<Status>(found - kStatusNames.begin());
}

std::optional<Time> earliest_start(const Job& job, Time now) {
  if (!job.pause || job.pause->from > now) return job.not_before;
  return std::max(job.not_before.value_or(Time::min()), job.pause->until);
}

std::vector<std::string> candidates_after(const Job& job) {
  const auto here = std::ranges::find(job.backends, job.backend);
  if (here == job.backends.end()) return {};
  return still_willing(job, {here + 1, job.backends.end()});
}

std::vector<std::string> alternatives(const Job& job) {
  auto others = candidates_after(job);
  const auto here = std::ranges::find(job.backends, job.backend);
  std::ranges::move(still_willing(job, {job.backends.begin(), here}), std::back_inserter(others));
  return others;
}

json::object to_json(const Job& job, const Outlook& outlook, json::storage_ptr storage) {
  const Failure* failure = job.status == Status::failed && job.failure ? &*job.failure : nullptr;
  json::object object(
      {
          {"job_id", std::to_string(job.id)},
          {"status", to_string(job.status)},
          {"progress", job.progress},
          {"current_step", text_or_null(job.current_step)},
          {"message", job.message},
          {"pipeline", text_or_null(job.pipeline)},
          {"backend", text_or_null(job.backend)},
          {"backends", json::value_from(job.backends)},
          {"model", text_or_null(job.model)},
          {"priority", job.priority},
          {"attempt", job.attempt},
          {"max_attempts", job.max_attempts},
          {"queue_position", number_or_null(outlook.queue_position)},
          {"eta_seconds", number_or_null(outlook.eta_seconds)},
          {"created_at", format_time(job.created_at)},
          {"not_before", time_or_null(job.not_before)},
          {"retry_at", time_or_null(job.pause ? std::optional(job.pause->until) : std::nullopt)},
          {"started_at", time_or_null(job.started_at)},
          {"completed_at", time_or_null(job.completed_at)},
          {"deadline", time_or_null(job.deadline)},
          {"owner", job.owner},
          {"labels", labels_to_json(job.labels)},
          {"after", ids_to_json(job.after)},
          {"group", text_or_null(job.group)},
          {"supersede", text_or_null(job.supersede)},
          {"usage",
           {{"prompt_tokens", job.usage.prompt_tokens},
            {"completion_tokens", job.usage.completion_tokens}}},
          {"output", job.output ? json::value(*job.output) : json::value(nullptr)},
          {"contents_removed", job.contents_removed},
          {"error", failure ? json::value(failure->detail) : json::value(nullptr)},
          {"error_info", failure ? json::value(to_json(*failure)) : json::value(nullptr)},
          {"attempts", to_json(job.failures)},
          {"seq", job.seq},
      },
      std::move(storage));
  // emplace() leaves a key alone that is there: a pipeline cannot disguise the job's own fields.
  for (const auto& [key, value] : job.hoisted) object.emplace(key, value);
  return object;
}

std::string json_text(const Job& job, const Outlook& outlook) {
  // Dozens of small values that live no longer than this call.
  unsigned char buffer[8 * 1024];
  json::monotonic_resource memory(buffer, sizeof buffer);
  return json::serialize(to_json(job, outlook, &memory));
}

json::object to_json(const Failure& failure) {
  return {
      {"code", failure.code},
      {"detail", failure.detail},
      {"step", text_or_null(failure.step)},
      {"attempt", failure.attempt},
      {"retryable", failure.retryable},
      {"backend", text_or_null(failure.backend)},
      {"at", failure.at == Time() ? json::value(nullptr) : json::value(format_time(failure.at))}};
}

json::array to_json(const std::vector<Failure>& failures) {
  json::array array;
  for (const Failure& failure : failures) array.push_back(to_json(failure));
  return array;
}

json::object to_json(const Event& event) {
  json::object object{{"job_id", std::to_string(event.job_id)},
                      {"seq", event.seq},
                      {"type", event.type},
                      {"at", format_time(event.at)}};
  for (const auto& [key, value] : event.data) object.emplace(key, value);
  return object;
}

Failure failure_from_json(const json::object& object) {
  const auto text = [&](std::string_view key) -> std::string {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
  };
  Failure failure{.code = text("code"), .detail = text("detail"), .step = text("step")};
  failure.backend = text("backend");
  failure.at = parse_time(text("at")).value_or(Time());
  if (const json::value* attempt = object.if_contains("attempt"))
    failure.attempt = static_cast<int>(attempt->is_int64() ? attempt->get_int64() : 0);
  if (const json::value* retryable = object.if_contains("retryable"))
    failure.retryable = retryable->is_bool() && retryable->get_bool();
  return failure;
}

}  // namespace llmspool::job
