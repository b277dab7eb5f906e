// SPDX-License-Identifier: MIT
// A pipeline as its TOML file declares it: inputs, steps, outputs and hoisted results.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/template.hpp"
#include "toml/document.hpp"

namespace llmspool::pipeline {

struct Input {
  enum class Type { text, boolean };
  std::string name;
  Type type = Type::text;
  bool required = false;
  std::vector<std::string> aliases;  // other names that a form may use
  std::string default_value;
  std::size_t bytes_max = std::size_t{1024} * 1024;
  std::string description;
};

struct Step {
  enum class Kind { messages, generate, optimize };
  std::string name;
  std::string label;                          // what people read while it runs
  Kind kind = Kind::generate;                 // messages: the job's own chat messages
  std::optional<Template> prompt, system;     // generate
  std::string optimizer;                      // optimize
  std::map<std::string, Template> documents;  // optimize
  std::optional<Reference> when;              // runs only if that is neither "", "false" nor "0"
  boost::json::object params;                 // under the job's own params
  std::vector<std::string> needs;             // all of them: declared, in templates, in `when`
  int weight = 1;                             // its share of the job's progress
};

struct Output {
  std::string file;  // a plain name
  std::string role;  // cv cover_letter ats_report answers metadata other
  std::string media_type;
  Template content;
};

struct Hoist {
  std::string name;  // at the top level of the job object
  Reference from;
};

struct Definition {
  std::string name, description;
  toml::Position named_at;  // where its file gives the name
  std::vector<Input> inputs;
  std::vector<Step> steps;  // in an order in which each follows what it needs
  std::vector<Output> outputs;
  std::vector<Hoist> hoist;
};

// Checks everything that can be known from the text alone: names, references, cycles, types; and
// the names of optimizers against `optimizers` where that is given. The error has a line for each
// mistake, "FILE:LINE:COLUMN: sentence".
Result<Definition> parse_definition(std::string_view source, const std::string& file_name,
                                    const std::set<std::string>* optimizers = nullptr);

// What a job with just a prompt runs: one step "answer" and one file "answer.txt".
Definition prompt_definition();

// The job's inputs from what a client sent: aliases replaced, defaults filled in, required ones
// there, sizes and UTF-8 checked, booleans as "true" and "false". Errors name the field.
Result<std::map<std::string, std::string>> check_inputs(
    const Definition& definition, const std::map<std::string, std::string>& sent);

// The inputs of a job that was taken in when the pipeline may have been another, as it declares
// them now: by their present names, with the defaults of those that are not there. The error is the
// name of a required one that the job does not have.
std::expected<std::map<std::string, std::string>, std::string> present_inputs(
    const Definition& definition, const std::map<std::string, std::string>& kept);

}  // namespace llmspool::pipeline
