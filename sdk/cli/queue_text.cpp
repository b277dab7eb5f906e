// SPDX-License-Identifier: MIT
// The queue in words and tables; see queue_text.hpp.
#include "queue_text.hpp"

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

// "ready", "paused, circuit open until ...": all that keeps the backend from taking jobs, the
// longest last.
Cell state_of(const json::object& backend) {
  std::string state;
  const auto add = [&](const std::string& text) { state += (state.empty() ? "" : ", ") + text; };
  const auto until = [&](const char* name) {
    const auto time = short_time(text_field(backend, name));
    return time.empty() ? "" : " until " + time + " UTC";
  };
  if (is(backend, "paused", "true")) add("paused");
  if (is(backend, "accepting", "false")) add("rejecting");
  if (!text_field(backend, "resting_until").empty()) add("resting" + until("resting_until"));
  const auto meant = state;
  if (is(backend, "circuit", "open")) add("circuit open" + until("circuit_until"));
  if (is(backend, "circuit", "half_open")) add("circuit half open");
  if (const auto stop = stop_of(backend); !stop.empty()) add(stop);
  if (state.empty()) return {"ready", Colour::green};
  return {state, state == meant ? Colour::yellow : Colour::red};
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
