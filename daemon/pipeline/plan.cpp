// SPDX-License-Identifier: MIT
#include "pipeline/plan.hpp"

#include <algorithm>

namespace llmspool::pipeline {
namespace {

bool is_true(std::string_view value) {
  return !value.empty() && value != "false" && value != "0";
}

boost::json::object merged(const boost::json::object& under, const boost::json::object& over) {
  boost::json::object params = under;
  for (const auto& [key, value] : over) params[key] = value;
  return params;
}

}  // namespace

Plan::Plan(const Definition& definition, const job::Request& request,
           const std::vector<job::StepResult>& finished)
    : definition_(definition), request_(request) {
  for (const job::StepResult& result : finished) finish(result);
}

std::vector<Work> Plan::take_ready() {
  std::vector<Work> ready;
  for (const Step& step : definition_.steps)
    if (may_start(step) && is_wanted(step) && taken_.insert(step.name).second)
      ready.push_back(work_of(step));
  return ready;
}

std::vector<job::StepResult> Plan::take_skipped() {
  std::vector<job::StepResult> skipped;
  for (const Step& step : definition_.steps) {
    if (!may_start(step) || is_wanted(step)) continue;
    taken_.insert(step.name);
    job::StepResult result;
    result.step = step.name;
    result.skipped = true;
    finished_[step.name] = result;
    skipped.push_back(std::move(result));
  }
  return skipped;
}

std::vector<job::File> Plan::finish(const job::StepResult& result) {
  taken_.insert(result.step);
  finished_[result.step] = result;
  return take_files();
}

bool Plan::complete() const {
  return std::ranges::all_of(definition_.steps,
                             [&](const Step& step) { return finished_.contains(step.name); });
}

int Plan::progress(const std::map<std::string, double>& running) const {
  if (complete()) return 100;
  double done = 0, whole = 0;
  for (const Step& step : definition_.steps) {
    const auto ended = finished_.find(step.name);
    if (ended != finished_.end() && ended->second.skipped) continue;  // it has no share
    whole += step.weight;
    const auto found = running.find(step.name);
    if (ended != finished_.end())
      done += step.weight;
    else if (found != running.end() && found->second > 0)
      done += step.weight * std::min(found->second, 1.0);
  }
  constexpr double kRounding = 1e-9;  // 7 of 7 equal parts must not be 99.99...
  return std::min(99, static_cast<int>(100 * done / whole + kRounding));
}

boost::json::object Plan::hoisted() const {
  boost::json::object results;
  for (const Hoist& hoist : definition_.hoist) {
    const auto input = std::ranges::find(definition_.inputs, hoist.from.name, &Input::name);
    const auto step = finished_.find(hoist.from.name);
    if (hoist.from.kind == Reference::Kind::input) {
      if (input->type == Input::Type::boolean)
        results[hoist.name] = is_true(value(hoist.from));
      else
        results[hoist.name] = value(hoist.from);
    } else if (step == finished_.end() || step->second.skipped) {
      continue;
    } else if (hoist.from.kind == Reference::Kind::step_text) {
      results[hoist.name] = step->second.text;
    } else if (const auto* found = step->second.report.if_contains(hoist.from.key)) {
      results[hoist.name] = *found;
    }
  }
  return results;
}

job::Usage Plan::usage() const {
  job::Usage sum;
  for (const auto& [name, result] : finished_) {
    sum.prompt_tokens += result.usage.prompt_tokens;
    sum.completion_tokens += result.usage.completion_tokens;
  }
  return sum;
}

const std::string& Plan::text_of(const std::string& step) const {
  static const std::string kNone;
  const auto found = finished_.find(step);
  return found == finished_.end() ? kNone : found->second.text;
}

bool Plan::may_start(const Step& step) const {
  return !taken_.contains(step.name) &&
         std::ranges::all_of(step.needs,
                             [&](const std::string& need) { return finished_.contains(need); });
}

bool Plan::is_wanted(const Step& step) const {
  return !step.when || is_true(value(*step.when));
}

Work Plan::work_of(const Step& step) const {
  const auto fill = [&](const Template& text) {
    return text.render([&](const Reference& reference) { return value(reference); });
  };
  Work work;
  work.step = &step;
  if (step.kind == Step::Kind::optimize) {
    work.params = step.params;
    for (const auto& [name, text] : step.documents) work.documents[name] = fill(text);
    return work;
  }
  work.params = merged(step.params, request_.params);
  if (step.kind == Step::Kind::messages) {
    work.messages = request_.messages;
    return work;
  }
  if (step.system) {
    std::string system = fill(*step.system);
    if (!system.empty()) work.messages.push_back({"system", std::move(system)});
  }
  work.messages.push_back({"user", fill(*step.prompt)});
  return work;
}

std::string_view Plan::value(const Reference& reference) const {
  if (reference.kind == Reference::Kind::step_text) return text_of(reference.name);
  const auto found = request_.inputs.find(reference.name);
  return found == request_.inputs.end() ? std::string_view() : found->second;
}

std::vector<job::File> Plan::take_files() {
  std::vector<job::File> files;
  for (const Output& output : definition_.outputs) {
    if (files_given_.contains(output.file)) continue;
    std::vector<std::string> steps;
    for (const Reference& reference : output.content.references())
      if (reference.kind == Reference::Kind::step_text) steps.push_back(reference.name);
    const auto is_finished = [&](const std::string& step) { return finished_.contains(step); };
    const auto is_skipped = [&](const std::string& step) { return finished_.at(step).skipped; };
    if (steps.empty() ? !complete() : !std::ranges::all_of(steps, is_finished)) continue;
    files_given_.insert(output.file);
    if (!steps.empty() && std::ranges::all_of(steps, is_skipped)) continue;
    files.push_back(
        {output.file, output.role, output.media_type,
         output.content.render([&](const Reference& reference) { return value(reference); })});
  }
  return files;
}

}  // namespace llmspool::pipeline
