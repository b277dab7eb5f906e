// SPDX-License-Identifier: MIT
// What `llmspool top` shows, and which job the person has selected.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "terminal.hpp"

namespace llmspool::cli {

// How many jobs are asked for at most: of those that run and wait, and of those that are held.
inline constexpr std::size_t kQueueJobsMax = 200, kHeldJobsMax = 100;

struct TopState {
  std::string address;   // of the daemon
  json::object queue;    // GET /api/queue?jobs=N; empty: not known yet
  std::string selected;  // a job's id, or nothing
  std::string trouble;   // why the daemon cannot be asked at present
  std::string notice;    // what came of the last key
};

// The lines for a window of this size: no more than fit, none too wide.
std::vector<std::string> top_screen(const TopState& state, const Terminal& terminal);

// How many jobs such a window has room for.
std::size_t job_rows(const TopState& state, const Terminal& terminal);

// What there is to see for an output that is no window, once.
std::string top_snapshot(const json::object& queue, const Terminal& terminal);

// The id of the job so many lines below (above: less than 0) the selected one. From nothing, any
// step leads to the first job.
std::string selection_after(const json::object& queue, std::string_view selected, int step);

// The selected job, or an empty object.
const json::object& selected_job(const TopState& state);

enum class TopKey {
  quit,
  pause,
  up,
  down,
  page_up,
  page_down,
  cancel,
  hold,
  release,
  raise,
  lower
};

// The keys in what a terminal sent; those without a meaning are left out.
std::vector<TopKey> top_keys(std::string_view typed);

}  // namespace llmspool::cli
