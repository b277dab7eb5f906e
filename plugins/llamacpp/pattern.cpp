// SPDX-License-Identifier: MIT
#include "pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace llmspool::llamacpp {

namespace {

// A group that is being read: whether what came of its branches may be empty.
struct Group {
  bool empty_branch = false;  // one of those before
  bool empty = true;          // this one, so far
};

struct Repeat {
  std::size_t size = 0;  // of its text
  bool optional = false, several = false;
};

Repeat repeat_at(std::string_view rest) {
  if (rest.starts_with('?')) return {.size = 1, .optional = true};
  if (rest.starts_with('*')) return {.size = 1, .optional = true, .several = true};
  if (rest.starts_with('+')) return {.size = 1, .several = true};
  const auto end = rest.find('}');
  if (!rest.starts_with('{') || end == rest.npos) return {};
  const auto least = rest.substr(1, rest.find_first_of(",}") - 1);
  return {.size = end + 1, .optional = least.find_first_not_of('0') == least.npos, .several = true};
}

// What one character, class or escape takes.
std::size_t atom_size(std::string_view rest) {
  if (rest.starts_with('\\')) return std::min<std::size_t>(2, rest.size());
  if (!rest.starts_with('[')) return 1;
  for (std::size_t at = 1; at < rest.size(); at += rest[at] == '\\' ? 2 : 1)
    if (rest[at] == ']') return at + 1;
  return rest.size();
}

}  // namespace

bool repeats_nothing(std::string_view pattern) {
  std::vector<Group> groups(1);
  for (std::size_t at = 0; at < pattern.size();) {
    const auto rest = pattern.substr(at);
    bool may_be_empty = false;
    if (rest.starts_with('(')) {
      groups.emplace_back();
      at += rest.starts_with("(?:") ? 3 : 1;
      continue;
    }
    if (rest.starts_with('|')) {
      groups.back() = {.empty_branch = groups.back().empty_branch || groups.back().empty};
      ++at;
      continue;
    }
    if (rest.starts_with('^') || rest.starts_with('$')) {
      ++at;
      continue;
    }
    if (rest.starts_with(')') && groups.size() > 1) {
      may_be_empty = groups.back().empty_branch || groups.back().empty;
      groups.pop_back();
      ++at;
    } else {
      at += atom_size(rest);
    }
    const Repeat repeat = repeat_at(pattern.substr(std::min(at, pattern.size())));
    if (repeat.several && may_be_empty) return true;
    at += repeat.size;
    groups.back().empty = groups.back().empty && (may_be_empty || repeat.optional);
  }
  return false;
}

}  // namespace llmspool::llamacpp
