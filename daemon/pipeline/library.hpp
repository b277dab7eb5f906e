// SPDX-License-Identifier: MIT
// All pipelines of the configured directories.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/definition.hpp"

namespace llmspool::pipeline {

class Library {
 public:
  // Reads every *.toml of the directories, in the order of their names. A directory that is not
  // there is no error; a file that is wrong is. `optimizers` are the names that a step may use.
  static Result<Library> load(const std::vector<std::filesystem::path>& directories,
                              const std::set<std::string>& optimizers);

  static Library of(const std::vector<Definition>& definitions);

  const Definition* find(const std::string& name) const;  // null: none
  // The first pipeline whose required inputs (by name or alias) are all among `inputs`; null: none.
  const Definition* choose(const std::set<std::string>& inputs) const;
  const std::vector<std::shared_ptr<const Definition>>& all() const { return definitions_; }

 private:
  std::vector<std::shared_ptr<const Definition>> definitions_;
};

}  // namespace llmspool::pipeline
