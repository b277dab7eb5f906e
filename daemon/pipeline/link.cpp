// SPDX-License-Identifier: MIT
#include <algorithm>

#include "pipeline/draft.hpp"
#include "pipeline/order.hpp"
#include "toml/nearest.hpp"

namespace llmspool::pipeline {
namespace {

template <class T>
std::vector<std::string> names_of(const std::vector<T>& items) {
  std::vector<std::string> names;
  for (const T& item : items)
    if (!item.name.empty()) names.push_back(item.name);
  return names;
}

// Whether what is mentioned exists; says so if not.
bool check(Draft& draft, const Mention& mention) {
  const Definition& definition = draft.definition;
  const std::string& name = mention.what.name;
  const bool is_input = mention.what.kind == Reference::Kind::input;
  const auto names = is_input ? names_of(definition.inputs) : names_of(definition.steps);
  if (std::ranges::find(names, name) == names.end()) {
    draft.problems.add(mention.at, std::string("there is no ") + (is_input ? "input" : "step") +
                                       " '" + name + "'" +
                                       toml::suggestion(name, names, "There are"));
    return false;
  }
  if (mention.what.kind != Reference::Kind::step_report) return true;
  const auto step = std::ranges::find(definition.steps, name, &Step::name);
  if (step->kind == Step::Kind::optimize) return true;
  draft.problems.add(mention.at, "the step '" + name + "' makes no report: only optimizers do");
  return false;
}

void fill_needs(Draft& draft, std::size_t index) {
  Step& step = draft.definition.steps[index];
  for (const Mention& mention : draft.needs[index]) {
    if (!check(draft, mention) || mention.what.kind == Reference::Kind::input) continue;
    if (std::ranges::find(step.needs, mention.what.name) == step.needs.end())
      step.needs.push_back(mention.what.name);
  }
}

// Where `step` says that it needs `need`.
toml::Position place_of_need(const Draft& draft, const std::string& step, const std::string& need) {
  const auto found = std::ranges::find(draft.definition.steps, step, &Step::name);
  const auto& needs = draft.needs[static_cast<std::size_t>(found - draft.definition.steps.begin())];
  return std::ranges::find_if(needs,
                              [&](const Mention& mention) {
                                return mention.what.kind != Reference::Kind::input &&
                                       mention.what.name == need;
                              })
      ->at;
}

void check_optimizers(Draft& draft, const std::set<std::string>& known) {
  const auto& steps = draft.definition.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].optimizer.empty() || known.contains(steps[i].optimizer)) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    draft.problems.add(draft.optimizer_at[i],
                       "there is no optimizer '" + steps[i].optimizer + "' in the plugins" +
                           toml::suggestion(steps[i].optimizer, names, "There are"));
  }
}

void sort_steps(Draft& draft) {
  const auto circle = sort_by_needs(draft.definition.steps);
  if (circle.empty()) return;
  std::string chain = circle.front();
  for (std::size_t i = 1; i < circle.size(); ++i) chain += " needs " + circle[i];
  draft.problems.add(place_of_need(draft, circle[0], circle[1]),
                     "these steps would wait for each other for ever: " + chain);
}

}  // namespace

void link(Draft& draft, const std::set<std::string>* optimizers) {
  for (std::size_t i = 0; i < draft.needs.size(); ++i) fill_needs(draft, i);
  for (const Mention& mention : draft.others) check(draft, mention);
  if (optimizers != nullptr) check_optimizers(draft, *optimizers);
  if (draft.problems.empty()) sort_steps(draft);
}

}  // namespace llmspool::pipeline
