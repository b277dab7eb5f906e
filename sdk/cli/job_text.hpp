// SPDX-License-Identifier: MIT
// Jobs and their events in words.
#pragma once

#include <optional>
#include <string>

#include "exit_code.hpp"
#include "json.hpp"

namespace llmspool::cli {

// "Job 42 is waiting (priority 50, position 3, about 40 s)."
std::string describe_job(const json::object& job);

// "Job 42 has priority 70, position 3, about 40 s." and "Job 42 goes to echo, position 3."
std::string describe_priority(const json::object& job);
std::string describe_destination(const json::object& job);

// "Job 42 waits until 2030-01-31 12:00:00 UTC. Its labels: batch=spring."
std::string describe_change(const json::object& job);

// The exit code of a tool that waited for this job.
ExitCode exit_code_of(const json::object& job);

// "waits until 2030-01-31 12:00:00 UTC", of a pending job; nothing if it only waits for its turn.
std::optional<std::string> what_it_waits_for(const json::object& job);

// Why a job waits for something else than its turn, a person included; nothing if that is not so.
std::optional<std::string> describe_hindrance(const json::object& job);

// That the job's texts and files are there no more, since it ended long ago; nothing if they are.
std::optional<std::string> describe_removal(const json::object& job);

// "Waiting, position 3, about 40 s", of what the daemon says about a job that waits its turn.
std::string describe_wait(const json::object& place);

// "12% cover_letter: Writing the cover letter", of a progress event.
std::string describe_progress(const json::object& event);

// "Trying again in 5 s: the backend is busy." Nothing for events that a reader need not know of:
// the first start, progress, text.
std::optional<std::string> describe_event(const json::object& event);

// The error of a job or an event: its detail, whether it stands alone or in an object.
std::string error_text(const json::object& object);

}  // namespace llmspool::cli
