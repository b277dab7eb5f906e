// SPDX-License-Identifier: MIT
// A pipeline between its text and its definition: everything is read, nothing is looked up yet.
#pragma once

#include <string>
#include <vector>

#include "pipeline/definition.hpp"
#include "toml/table.hpp"

namespace llmspool::pipeline {

// Something that refers to an input or a step, and where it does.
struct Mention {
  Reference what;
  toml::Position at;
};

struct Draft {
  Definition definition;                     // steps as in the file, without their needs
  std::vector<std::vector<Mention>> needs;   // of each step: everything it refers to
  std::vector<Mention> others;               // in outputs and [hoist]
  std::vector<toml::Position> optimizer_at;  // of each step: where it names its optimizer
  toml::Problems problems;
};

// Reads every table of the file.
Draft read_draft(const toml::Document& document);

// Looks up what is mentioned, fills in what each step needs and sorts the steps. Null `optimizers`:
// not known.
void link(Draft& draft, const std::set<std::string>* optimizers);

}  // namespace llmspool::pipeline
