// SPDX-License-Identifier: MIT
#include "pipeline/order.hpp"

#include <algorithm>
#include <set>

namespace llmspool::pipeline {
namespace {

using Names = std::set<std::string>;

bool has_all(const Names& names, const Step& step) {
  return std::ranges::all_of(step.needs,
                             [&](const std::string& need) { return names.contains(need); });
}

// Follows needs that are not `placed` until a step comes again.
std::vector<std::string> find_circle(const std::vector<Step>& steps, const Names& placed) {
  const auto next =
      std::ranges::find_if(steps, [&](const Step& step) { return !placed.contains(step.name); });
  std::vector<std::string> path{next->name};
  while (true) {
    const auto step = std::ranges::find(steps, path.back(), &Step::name);
    const auto need = std::ranges::find_if(
        step->needs, [&](const std::string& name) { return !placed.contains(name); });
    const auto seen = std::ranges::find(path, *need);
    if (seen != path.end()) {
      path.erase(path.begin(), seen);
      path.push_back(*need);
      return path;
    }
    path.push_back(*need);
  }
}

}  // namespace

std::vector<std::string> sort_by_needs(std::vector<Step>& steps) {
  Names placed;
  std::vector<std::size_t> order;
  while (order.size() < steps.size()) {
    const auto next = std::ranges::find_if(steps, [&](const Step& step) {
      return !placed.contains(step.name) && has_all(placed, step);
    });
    if (next == steps.end()) return find_circle(steps, placed);
    placed.insert(next->name);
    order.push_back(static_cast<std::size_t>(next - steps.begin()));
  }
  std::vector<Step> sorted;
  sorted.reserve(steps.size());
  for (const std::size_t index : order) sorted.push_back(std::move(steps[index]));
  steps = std::move(sorted);
  return {};
}

}  // namespace llmspool::pipeline
