// SPDX-License-Identifier: MIT
#include "spool/job_log.hpp"

#include <fmt/format.h>

#include <map>

#include "base/log.hpp"
#include "base/message_ids.hpp"

namespace llmspool::spool {
namespace {

struct Kind {
  std::string_view message_id;  // empty: none of the catalog
  log::Level level;
  std::string_view verb;
};

const std::map<std::string_view, Kind> kKinds{
    {"created", {message_ids::kJobQueued, log::Level::info, "was accepted"}},
    {"started", {message_ids::kJobStarted, log::Level::info, "started"}},
    {"progress", {message_ids::kJobProgress, log::Level::info, "goes on"}},
    {"retrying", {message_ids::kJobRetrying, log::Level::warning, "will be tried again"}},
    {"held", {"", log::Level::info, "is held"}},
    {"released", {"", log::Level::info, "was released"}},
    {"requeued", {"", log::Level::info, "waits again"}},
    {"changed", {"", log::Level::info, "was changed"}},
    {"moved", {"", log::Level::info, "was moved"}},
    {"completed", {message_ids::kJobCompleted, log::Level::info, "completed"}},
    {"failed", {message_ids::kJobFailed, log::Level::warning, "failed"}},
    {"cancelled", {message_ids::kJobCancelled, log::Level::info, "was cancelled"}},
};

std::string sentence(const job::Job& job, const job::Event& event, const Kind& kind) {
  const auto text = [&](const char* key) -> std::string {
    const auto* value = event.data.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  if (event.type == "progress")
    return fmt::format("Job {}: {}%, {}", job.id, job.progress, text("message"));
  std::string why;
  for (const char* key : {"error", "reason", "message"})
    if (why.empty()) why = text(key);
  return fmt::format("Job {} {}{}{}", job.id, kind.verb, why.empty() ? "" : ": ", why);
}

}  // namespace

bool JobLog::tells(const job::Job& job, const job::Event& event) {
  const std::scoped_lock lock(mutex_);
  auto& last = last_[job.id];
  if (event.at - last.at < std::chrono::seconds(1) || job.progress - last.progress < 5)
    return false;
  last = {job.progress, event.at};
  return true;
}

void JobLog::write(const job::Job& job, const std::vector<job::Event>& events) {
  if (job::ended(job.status) || job.status == job::Status::pending) {
    const std::scoped_lock lock(mutex_);
    last_.erase(job.id);
  }
  for (const auto& event : events) {
    const auto kind = kKinds.find(event.type);
    if (kind == kKinds.end() || !log::enabled(kind->second.level)) continue;
    if (event.type == "progress" && (job.status != job::Status::processing || !tells(job, event)))
      continue;
    log::Fields fields{{"JOB_ID", std::to_string(job.id)},
                       {"STATE", std::string(job::to_string(job.status))},
                       {"BACKEND", job.backend},
                       {"ATTEMPT", std::to_string(job.attempt)},
                       {"PROGRESS", std::to_string(job.progress)},
                       {"USER", job.owner}};
    if (!job.model.empty()) fields.emplace_back("MODEL", job.model);
    if (!job.pipeline.empty()) fields.emplace_back("QUEUE", job.pipeline);
    if (!kind->second.message_id.empty())
      fields.emplace_back("MESSAGE_ID", std::string(kind->second.message_id));
    log::write(kind->second.level, sentence(job, event, kind->second), fields);
  }
}

}  // namespace llmspool::spool
