// SPDX-License-Identifier: MIT
// The queue in words and tables; see queue_text.hpp.
#include "queue_text.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "text.hpp"

namespace llmspool::cli {
namespace {

bool is(const json::object& object, const char* name, const char* value) {
  return text_field(object, name) == value;
}

std::string load_of(const json::object& backend) {
  return text_field(backend, "running") + " of " + text_field(backend, "concurrency");
}

// "stopped: It has no key; 'llmspool resume gemini' lets it go on". One that is not there, and so
// runs nothing at once, cannot go on: it is named with the daemon's word alone.
std::string stop_of(const json::object& backend) {
  auto reason = text_field(backend, "reason");
  if (reason.ends_with('.')) reason.pop_back();
  if (reason.empty() || is(backend, "concurrency", "0")) return reason;
  return "stopped: " + reason + "; 'llmspool resume " + text_field(backend, "id") +
         "' lets it go on";
}

std::string listed(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
  return list;
}

// "resting until 2026-11-24 17:00:00 UTC"
std::string with_end(const std::string& state, const json::object& backend, const char* end) {
  const auto time = short_time(text_field(backend, end));
  return time.empty() ? state : state + " until " + time + " UTC";
}

// What people or a provider want it to do.
std::vector<std::string> wishes(const json::object& backend) {
  std::vector<std::string> words;
  if (is(backend, "paused", "true")) words.emplace_back("paused");
  if (!text_field(backend, "resting_until").empty())
    words.push_back(with_end("resting", backend, "resting_until"));
  return words;
}

// What is wrong with it, the longest last.
std::vector<std::string> troubles(const json::object& backend) {
  std::vector<std::string> words;
  if (is(backend, "circuit", "open"))
    words.push_back(with_end("circuit open", backend, "circuit_until"));
  if (is(backend, "circuit", "half_open")) words.emplace_back("circuit half open");
  if (auto stop = stop_of(backend); !stop.empty()) words.push_back(std::move(stop));
  return words;
}

// Why it starts no jobs.
std::vector<std::string> hindrances(const json::object& backend) {
  auto words = wishes(backend);
  std::ranges::move(troubles(backend), std::back_inserter(words));
  return words;
}

// "ready", "rejecting, paused, circuit open until ...": all that keeps it from taking jobs.
Cell state_of(const json::object& backend) {
  auto words = hindrances(backend);
  if (is(backend, "accepting", "false")) words.insert(words.begin(), "rejecting");
  if (words.empty()) return {"ready", Colour::green};
  return {one_line(listed(words)), troubles(backend).empty() ? Colour::yellow : Colour::red};
}

}  // namespace

std::string describe_queue(const json::object& queue) {
  const bool paused = is(queue, "paused", "true");
  const bool rejecting = is(queue, "accepting", "false");
  const auto reason = text_field(queue, "reason");
  return "The queue takes " + std::string(rejecting ? "no new jobs" : "jobs") +
         (paused      ? rejecting ? " and is paused: " : ", but is paused: "
          : rejecting ? ", but runs those it has: "
                      : " and runs them: ") +
         text_field(queue, "running") + " running, " + text_field(queue, "waiting") + " waiting, " +
         text_field(queue, "held") + " held." + (reason.empty() ? "" : ' ' + reason);
}

std::string describe_queue_backend(const json::object& backend) {
  const auto state = state_of(backend).text;
  return "Backend " + text_field(backend, "id") + ", " + load_of(backend) + " running, " +
         text_field(backend, "waiting") + " waiting: " + state + (state.ends_with('.') ? "" : ".");
}

std::optional<std::string> describe_standstill(const json::object& queue, const json::object& job) {
  const auto id = text_field(job, "backend");
  std::vector<std::string> words;
  if (is(queue, "paused", "true")) words.emplace_back("the queue is paused");
  for (const auto& value : array_field(queue, "backends"))
    if (const auto& backend = as_object(value); text_field(backend, "id") == id)
      std::ranges::move(hindrances(backend), std::back_inserter(words));
  if (words.empty()) return std::nullopt;
  const auto why = listed(words);
  return "Job " + text_field(job, "job_id") + " waits for backend " + id + ": " + why +
         (why.ends_with('.') ? "" : ".");
}

Table queue_backends_table(const json::array& backends) {
  Table table({"BACKEND", "RUNNING", "WAITING", "STATE"});
  for (const auto& value : backends) {
    const auto& backend = as_object(value);
    table.add({{text_field(backend, "id")},
               {load_of(backend)},
               {text_field(backend, "waiting")},
               state_of(backend)});
  }
  return table;
}

std::string queue_text(const json::object& queue, const Terminal& terminal) {
  auto endless = terminal;  // why a backend is stopped is to be read whole
  endless.width = std::string::npos;
  return one_line(describe_queue(queue)) + '\n' +
         queue_backends_table(array_field(queue, "backends")).text(endless);
}

}  // namespace llmspool::cli
