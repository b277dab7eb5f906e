// SPDX-License-Identifier: MIT
// The order of steps from what each needs.
#pragma once

#include <string>
#include <vector>

#include "pipeline/definition.hpp"

namespace llmspool::pipeline {

// Sorts `steps`, whose needs are all among them, so that each follows what it needs and otherwise
// stays where it was. Where they wait for each other, gives the names along such a circle, the
// first one again at the end, and leaves the steps as they are.
std::vector<std::string> sort_by_needs(std::vector<Step>& steps);

}  // namespace llmspool::pipeline
