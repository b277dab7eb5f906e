// SPDX-License-Identifier: MIT
// What a client sent, as the inputs that a pipeline declares.
#include <algorithm>
#include <array>

#include "base/bounded.hpp"
#include "base/text.hpp"
#include "pipeline/definition.hpp"
#include "toml/nearest.hpp"

namespace llmspool::pipeline {
namespace {

const Input* find_input(const Definition& definition, const std::string& name) {
  for (const Input& input : definition.inputs)
    if (input.name == name || std::ranges::find(input.aliases, name) != input.aliases.end())
      return &input;
  return nullptr;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

// "true" or "false" for what people and forms write; empty for anything else.
std::string truth(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array<std::string_view, 4> kTrue{"true", "1", "on", "yes"};
  constexpr std::array<std::string_view, 4> kFalse{"false", "0", "off", "no"};
  if (std::ranges::find(kTrue, lower) != kTrue.end()) return "true";
  if (std::ranges::find(kFalse, lower) != kFalse.end()) return "false";
  return {};
}

// The value of `input` when `text` was sent for it, or what is wrong, as a sentence.
std::expected<std::string, std::string> read_value(const Input& input, const std::string& text) {
  if (text.size() > input.bytes_max)
    return std::unexpected("it is " + std::to_string(text.size()) + " bytes long; at most " +
                           std::to_string(input.bytes_max) + " are accepted.");
  if (const auto at = invalid_utf8_at(text))
    return std::unexpected("it is no UTF-8 text: byte " + std::to_string(*at) +
                           " belongs to no character.");
  if (is_blank(text) && input.required) return std::unexpected("it is required and empty.");
  if (text.empty()) return input.default_value;  // browsers send what was left empty, too
  if (input.type == Input::Type::text) return text;
  std::string value = truth(text);
  if (value.empty()) return std::unexpected("it must be true or false.");
  return value;
}

std::string field_of(const std::string& name) {
  return "inputs." + name;
}

std::vector<std::string> names_of(const Definition& definition) {
  std::vector<std::string> names;
  names.reserve(definition.inputs.size());
  for (const Input& input : definition.inputs) names.push_back(input.name);
  return names;
}

}  // namespace

Result<std::map<std::string, std::string>> check_inputs(
    const Definition& definition, const std::map<std::string, std::string>& sent) {
  std::map<std::string, std::string> inputs;
  std::set<std::string> seen;
  std::vector<FieldError> errors;
  for (const auto& [name, text] : sent) {
    if (errors.size() == kErrorsTold) break;
    const Input* input = find_input(definition, name);
    if (input == nullptr) {
      errors.push_back({field_of(shortened(name)),
                        "the pipeline '" + definition.name + "' has no such input" +
                            toml::suggestion(name, names_of(definition), "It has") + '.'});
    } else if (!seen.insert(input->name).second) {
      errors.push_back({field_of(name),
                        "the input '" + input->name + "' was sent twice, under different names."});
    } else if (auto value = read_value(*input, text)) {
      inputs[input->name] = *std::move(value);
    } else {
      errors.push_back({field_of(name), std::move(value).error()});
    }
  }
  // Where not all were looked at, one that is missing may be among the others.
  if (errors.size() == kErrorsTold) return fail_fields(std::move(errors));
  for (const Input& input : definition.inputs) {
    if (seen.contains(input.name)) continue;
    if (input.required)
      errors.push_back({field_of(input.name), "it is required."});
    else
      inputs[input.name] = input.default_value;
  }
  if (!errors.empty()) return fail_fields(std::move(errors));
  return inputs;
}

std::expected<std::map<std::string, std::string>, std::string> present_inputs(
    const Definition& definition, const std::map<std::string, std::string>& kept) {
  std::map<std::string, std::string> inputs;
  for (const Input& input : definition.inputs) {
    auto found = kept.find(input.name);
    for (const std::string& alias : input.aliases)
      if (found == kept.end()) found = kept.find(alias);
    std::string value = found == kept.end() ? input.default_value : found->second;
    if (input.required && is_blank(value)) return std::unexpected(input.name);
    if (input.type == Input::Type::boolean) value = truth(value);
    if (value.empty()) value = input.default_value;
    inputs[input.name] = std::move(value);
  }
  return inputs;
}

}  // namespace llmspool::pipeline
