// SPDX-License-Identifier: MIT
#include "plugin/params.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "base/bounded.hpp"

namespace llmspool::plugin {
namespace {

namespace json = boost::json;

std::string wrong_with_number(const json::value& value, const Parameter& known) {
  const bool bounded = known.minimum != 0 || known.maximum != 0;
  std::string wanted = fmt::format(
      "must be {}{}", known.type == Parameter::Type::integer ? "a whole number" : "a number",
      bounded ? fmt::format(" from {} to {}", known.minimum, known.maximum) : "");
  if (!value.is_number()) return wanted;
  const double number = value.to_number<double>();
  if (known.type == Parameter::Type::integer && number != std::floor(number)) return wanted;
  if (bounded && (number < known.minimum || number > known.maximum)) return wanted;
  return {};
}

bool is_text_list(const json::value& value) {
  if (value.is_string()) return true;
  if (!value.is_array()) return false;
  const auto& items = value.get_array();
  return std::all_of(items.begin(), items.end(), [](const auto& item) { return item.is_string(); });
}

}  // namespace

std::string wrong_with(const llmspool_option_t* const* options, std::size_t count) {
  if (options == nullptr) return count == 0 ? "" : "is missing";
  for (const auto* option : std::span(options, count)) {
    if (option == nullptr) return "is missing";
    if (option->struct_size < sizeof(llmspool_option_t))
      return "is shorter than the ABI's version 1";
    if (option->name == nullptr) return "has no name";
  }
  return {};
}

std::vector<Parameter> parameters(const llmspool_option_t* const* options, std::size_t count) {
  std::vector<Parameter> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& option = *options[i];
    Parameter parameter{.name = option.name,
                        .type = static_cast<Parameter::Type>(option.type),
                        .help = option.help == nullptr ? "" : option.help,
                        .minimum = option.minimum,
                        .maximum = option.maximum,
                        .choices = {}};
    for (std::string_view rest = option.choices == nullptr ? "" : option.choices; !rest.empty();) {
      const auto bar = rest.find('|');
      parameter.choices.emplace_back(rest.substr(0, bar));
      rest = bar == rest.npos ? "" : rest.substr(bar + 1);
    }
    all.push_back(std::move(parameter));
  }
  return all;
}

const std::vector<Parameter>& common_params() {
  using Type = Parameter::Type;
  static const std::vector<Parameter> params{
      {"temperature",
       Type::number,
       "0: always the likeliest token; higher: more surprising",
       0,
       5,
       {}},
      {"top_p",
       Type::number,
       "Only the likeliest tokens that together have this probability",
       0,
       1,
       {}},
      {"max_tokens", Type::integer, "The longest answer, in tokens", 1, 1e6, {}},
      {"seed", Type::integer, "The same seed gives the same answer", 0, 4294967295.0, {}},
      {"stop", Type::text_list, "Texts that end the answer; they are not part of it", 0, 0, {}},
      {"json_schema", Type::json, "A JSON schema that the answer must follow", 0, 0, {}},
  };
  return params;
}

std::string wrong_with(const json::value& value, const Parameter& known) {
  switch (known.type) {
    case Parameter::Type::number:
    case Parameter::Type::integer:
      return wrong_with_number(value, known);
    case Parameter::Type::boolean:
      return value.is_bool() ? "" : "must be true or false";
    case Parameter::Type::text_list:
      return is_text_list(value) ? "" : "must be a text or a list of texts";
    case Parameter::Type::text:
      if (!value.is_string()) return "must be a text";
      if (!known.choices.empty() &&
          std::ranges::find(known.choices, std::string_view(value.get_string())) ==
              known.choices.end())
        return fmt::format("must be one of {}", fmt::join(known.choices, ", "));
      return {};
    case Parameter::Type::json:
      return {};
  }
  return {};
}

json::object fitting(const json::object& params, const std::vector<Parameter>& known) {
  json::object fit;
  for (const auto& [key, value] : params) {
    const auto at = std::ranges::find(known, std::string_view(key), &Parameter::name);
    if (at != known.end() && wrong_with(value, *at).empty()) fit.emplace(key, value);
  }
  return fit;
}

Result<void> check_params(const json::object& params, const std::vector<Parameter>& known,
                          const std::string& field_prefix, const std::string& whose) {
  Error error{Code::invalid, {}, {}};
  for (const auto& [key, value] : params) {
    const auto at = std::ranges::find(known, std::string_view(key), &Parameter::name);
    std::string wrong;
    if (at != known.end()) {
      wrong = wrong_with(value, *at);
    } else {
      std::vector<std::string_view> names;
      names.reserve(known.size());
      for (const auto& parameter : known) names.push_back(parameter.name);
      wrong = fmt::format("is not known to {}, which takes {}", whose,
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
    }
    if (wrong.empty()) continue;
    const auto field = fmt::format("{}.{}", field_prefix, shortened(key));
    error.message += fmt::format("{}'{}' {}.", error.message.empty() ? "" : " ", field, wrong);
    error.fields.push_back({field, wrong});
    if (error.fields.size() == kErrorsTold) break;
  }
  if (error.fields.empty()) return {};
  return std::unexpected(std::move(error));
}

}  // namespace llmspool::plugin
