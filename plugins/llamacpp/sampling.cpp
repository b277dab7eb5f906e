// SPDX-License-Identifier: MIT
#include "sampling.hpp"

#include <llama-common/json-schema-to-grammar.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "pattern.hpp"

namespace llmspool::llamacpp {

namespace {

// Wherever one stands: a text under the key "pattern".
void check_patterns(const common_json& schema) {
  if (schema.is_array())
    for (const common_json& each : schema) check_patterns(each);
  if (!schema.is_object()) return;
  for (const auto& [key, value] : schema.items()) {
    if (key == "pattern" && value.is_string() && has_too_many_states(value.get<std::string>()))
      throw std::invalid_argument(
          "its pattern " + value.dump() +
          " repeats a part that may be empty, or repeats repeats too often");
    check_patterns(value);
  }
}

common_grammar grammar_of(std::string_view json_schema) {
  try {
    const auto schema = common_json::parse(std::string(json_schema));
    check_patterns(schema);
    return {COMMON_GRAMMAR_TYPE_USER, json_schema_to_grammar(schema)};
  } catch (const std::exception& problem) {
    std::string why = problem.what();
    std::ranges::replace(why, '\n', ' ');
    throw Failure::invalid("The JSON schema cannot be used: " + why);
  }
}

// Any number is a seed; llama.cpp's have 32 bits, of which the last number means chance.
uint32_t seed_of(double seed) {
  return static_cast<uint32_t>(static_cast<int64_t>(std::fmod(seed, double{LLAMA_DEFAULT_SEED})));
}

}  // namespace

Sampling sampling_from(const Table& params) {
  common_params_sampling sampler;
  const auto set = [&params](std::string_view key, auto& field) {
    if (const auto value = params.number(key))
      field = static_cast<std::remove_reference_t<decltype(field)>>(*value);
  };
  set("temperature", sampler.temp);
  set("top_p", sampler.top_p);
  set("top_k", sampler.top_k);
  set("min_p", sampler.min_p);
  set("repeat_penalty", sampler.penalty_repeat);
  if (const auto seed = params.number("seed")) sampler.seed = seed_of(*seed);
  const auto schema = params.value_json("json_schema");
  if (schema && *schema != "null") sampler.grammar = grammar_of(*schema);
  sampler.no_perf = true;

  Sampling sampling{.sampler = std::move(sampler),
                    .tokens_max = 0,
                    .stops = {},
                    .thinking = params.boolean("thinking").value_or(false)};
  set("max_tokens", sampling.tokens_max);
  for (const auto stop : params.texts("stop")) sampling.stops.emplace_back(stop);
  return sampling;
}

std::vector<Option> sampling_params() {
  return {
      {"top_k", Type::integer, "Chooses among that many tokens; 0: all; default: 40", 0, 1e6},
      {"min_p", Type::number,
       "Leaves out tokens less likely than this share of the likeliest; default: 0.05", 0, 1},
      {"repeat_penalty", Type::number, "Above 1, repeats itself less; default: 1", 0.01, 10},
      {"thinking", Type::boolean,
       "Lets a model that can do so think before it answers; its thoughts are left out"},
  };
}

}  // namespace llmspool::llamacpp
