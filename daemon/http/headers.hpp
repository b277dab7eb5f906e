// SPDX-License-Identifier: MIT
// Header fields of a request or response, in order; names compare without regard to case.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmspool::http {

bool iequals(std::string_view left, std::string_view right);  // ASCII
std::string lowercase(std::string_view text);                 // ASCII
std::string_view trimmed(std::string_view text);              // of spaces and tabs

// Whether one of the items of a header's list, "a, b", is such.
template <class Is>
bool any_listed(std::string_view list, Is is) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    if (is(trimmed(item))) return true;
    list.remove_prefix(item.size() == list.size() ? item.size() : item.size() + 1);
  }
  return false;
}

class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);    // in place of all of that name
  const std::string* find(std::string_view name) const;  // the first; null: none
  std::size_t count(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// `type/subtype; name=value; name="quoted"`, as in Content-Type and Content-Disposition.
struct ParameterizedValue {
  std::string value;                                            // in lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case
  const std::string* parameter(std::string_view name) const;    // the first; null: none
};
// False where the text is no such value.
bool parse_parameterized(std::string_view text, ParameterizedValue& result);

}  // namespace llmspool::http
