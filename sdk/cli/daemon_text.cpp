// SPDX-License-Identifier: MIT
// What the daemon says of itself; see daemon_text.hpp.
#include "daemon_text.hpp"

#include "table.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

// The name of a thing that is given by its name alone, or as an object that has one.
std::string name_of(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  const auto id = text_field(as_object(value), "id");
  return id.empty() ? text_field(as_object(value), "name") : id;
}

std::string names_of(const json::array& values) {
  std::string names;
  for (const auto& value : values) names += (names.empty() ? "" : ", ") + name_of(value);
  return names;
}

Cell yes_or_no(bool yes) {
  return {yes ? "yes" : "no", yes ? Colour::green : Colour::red};
}

}  // namespace

std::string status_text(const json::object& health, const Terminal& terminal) {
  const auto status = one_line(text_field(health, "status"));
  auto text = "llmspoold " + one_line(text_field(health, "version")) + " is " +
              terminal.painted(status, status == "ok" ? Colour::green : Colour::yellow) +
              ", up for " + human_duration(integer_field(health, "uptime_seconds").value_or(0)) +
              ".\n";
  if (const auto reason = one_line(text_field(health, "reason")); !reason.empty())
    text += reason + '\n';
  if (text_field(health, "paused") == "true")
    text += terminal.painted("The queue is paused", Colour::yellow) +
            ": no job starts until 'llmspool resume'.\n";
  std::string jobs;
  for (const auto& [word, count] : object_field(health, "jobs"))
    jobs += (jobs.empty() ? "" : ", ") + one_line(json::serialize(count)) + ' ' + one_line(word);
  if (!jobs.empty()) text += "Jobs: " + jobs + ".\n";
  for (const auto& [name, available] : object_field(health, "backends")) {
    const bool up = available.is_bool() && available.get_bool();
    text += "Backend " + one_line(name) + " is " +
            (up ? "available."
                : terminal.painted("not available", Colour::red) +
                      ": 'llmspool backends' or 'llmspool queue' says why.") +
            '\n';
  }
  return text;
}

std::string backends_text(const json::object& answer, const Terminal& terminal) {
  Table table({"BACKEND", "AVAILABLE", "RUNNING", "MODELS", "REMARK"});
  for (const auto& value : array_field(answer, "backends")) {
    const auto& backend = as_object(value);
    const auto reason = text_field(backend, "unavailable_reason");
    table.add({{name_of(value)},
               yes_or_no(text_field(backend, "available") == "true"),
               {text_field(backend, "running") + " of " + text_field(backend, "concurrency")},
               {names_of(array_field(backend, "models"))},
               {one_line(reason.empty() ? text_field(backend, "description") : reason)}});
  }
  return table.text(terminal);
}

std::string pipelines_text(const json::object& answer, const Terminal& terminal) {
  Table table({"PIPELINE", "INPUTS", "DESCRIPTION"});
  for (const auto& value : array_field(answer, "pipelines"))
    table.add({{name_of(value)},
               {names_of(array_field(as_object(value), "inputs"))},
               {one_line(text_field(as_object(value), "description"))}});
  return table.text(terminal);
}

std::string optimizers_text(const json::object& answer, const Terminal& terminal) {
  Table table({"OPTIMIZER", "DESCRIPTION"});
  for (const auto& value : array_field(answer, "optimizers"))
    table.add({{name_of(value)}, {one_line(text_field(as_object(value), "description"))}});
  return table.text(terminal);
}

std::string plugins_text(const json::object& answer, const Terminal& terminal) {
  Table table({"PLUGIN", "VERSION", "LOADED", "BACKENDS", "OPTIMIZERS", "FILE", "REMARK"});
  for (const auto& value : array_field(answer, "plugins")) {
    const auto& plugin = as_object(value);
    table.add({{name_of(value)},
               {text_field(plugin, "version")},
               yes_or_no(text_field(plugin, "loaded") == "true"),
               {names_of(array_field(plugin, "backends"))},
               {names_of(array_field(plugin, "optimizers"))},
               {text_field(plugin, "file")},
               {one_line(text_field(plugin, "reason"))}});
  }
  return table.text(terminal);
}

}  // namespace llmspool::cli
