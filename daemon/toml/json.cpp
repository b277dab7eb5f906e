// SPDX-License-Identifier: MIT
#include "toml/json.hpp"

#include <cmath>

namespace llmspool::toml {
namespace {

struct Converter {
  const Position& at;
  Problems& problems;

  boost::json::value operator()(const std::string& text) const { return boost::json::string(text); }
  boost::json::value operator()(std::int64_t number) const { return number; }
  boost::json::value operator()(bool truth) const { return truth; }
  boost::json::value operator()(const Date& date) const { return boost::json::string(date.text); }
  boost::json::value operator()(double number) const {
    if (!std::isfinite(number)) problems.add(at, "a number here must be finite");
    return number;
  }
  boost::json::value operator()(const List& list) const {
    boost::json::array array;
    for (const Value& element : list) array.push_back(to_json(element, problems));
    return array;
  }
  boost::json::value operator()(const Members& members) const { return to_json(members, problems); }
};

}  // namespace

boost::json::value to_json(const Value& value, Problems& problems) {
  return std::visit(Converter{value.at, problems}, value.content);
}

boost::json::object to_json(const Members& members, Problems& problems) {
  boost::json::object object;
  for (const Member& member : members) object[member.key] = to_json(member.value, problems);
  return object;
}

}  // namespace llmspool::toml
