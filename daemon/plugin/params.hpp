// SPDX-License-Identifier: MIT
// Checks a job's params, and a plugin's configuration, against what the plugin's descriptor names.
#pragma once

#include <llmspool/plugin.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace llmspool::plugin {

// A key of a job's params or of a configuration table.
struct Parameter {
  enum class Type { text = 1, number, integer, boolean, text_list, json };
  std::string name;
  Type type = Type::text;
  std::string help;
  double minimum = 0, maximum = 0;   // both 0: no bounds
  std::vector<std::string> choices;  // of a text; empty: any
};

// What is wrong with one of a descriptor's options or params, as the end of a sentence; empty:
// nothing.
std::string wrong_with(const llmspool_option_t* const* options, std::size_t count);
// Of those that nothing is wrong with.
std::vector<Parameter> parameters(const llmspool_option_t* const* options, std::size_t count);

// temperature, top_p, max_tokens, seed, stop, json_schema: what every backend takes.
const std::vector<Parameter>& common_params();

// What is wrong with `value` as a `known`, as the end of a sentence; empty: nothing.
std::string wrong_with(const boost::json::value& value, const Parameter& known);

// Those of `params` that are known and fit: what was checked for one backend may go to another.
boost::json::object fitting(const boost::json::object& params, const std::vector<Parameter>& known);

// Whether each key of `params` is known and fits; the error has a field "PREFIX.KEY" for each that
// is wrong. `whose` names the plugin in it.
Result<void> check_params(const boost::json::object& params, const std::vector<Parameter>& known,
                          const std::string& field_prefix, const std::string& whose);

}  // namespace llmspool::plugin
