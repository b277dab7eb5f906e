// SPDX-License-Identifier: MIT
#include "pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace llmspool::llamacpp {

namespace {

// How often all repeats within each other may come to. Each of its states is looked at for each
// token that may come next.
constexpr double kTimesMax = 500;

// A group that is being read.
struct Group {
  bool empty_branch = false;  // one of its branches so far may be empty
  bool empty = true;          // the branch that is being read may, so far
  double times = 1;           // that the most repeated of its parts comes
};

struct Repeat {
  std::size_t size = 0;  // of its text
  bool optional = false;
  double most = 1;  // of what has no end: 1, since it is one state
  bool again = false;
};

double number_in(std::string_view text, double otherwise) {
  double number = 0;
  bool found = false;
  for (const char c : text) {
    if (c < '0' || c > '9') continue;
    number = 10 * number + (c - '0');
    found = true;
  }
  return found ? number : otherwise;
}

Repeat repeat_at(std::string_view rest) {
  if (rest.starts_with('?')) return {.size = 1, .optional = true};
  if (rest.starts_with('*')) return {.size = 1, .optional = true, .again = true};
  if (rest.starts_with('+')) return {.size = 1, .again = true};
  const auto end = rest.find('}');
  if (!rest.starts_with('{') || end == rest.npos) return {};
  const auto bounds = rest.substr(1, end - 1);
  const auto comma = bounds.find(',');
  const double least = number_in(bounds.substr(0, comma), 0);
  const bool endless = comma != bounds.npos && number_in(bounds.substr(comma), -1) < 0;
  const double most = comma == bounds.npos ? least : number_in(bounds.substr(comma), least);
  return {.size = end + 1,
          .optional = least == 0,
          .most = std::max(most, 1.0),
          .again = endless || most > 1};
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

bool has_too_many_states(std::string_view pattern) {
  std::vector<Group> groups(1);
  for (std::size_t at = 0; at < pattern.size();) {
    const auto rest = pattern.substr(at);
    if (rest.starts_with('(')) {
      groups.emplace_back();
      at += rest.starts_with("(?:") ? 3 : 1;
      continue;
    }
    if (rest.starts_with('|')) {
      groups.back().empty_branch = groups.back().empty_branch || groups.back().empty;
      groups.back().empty = true;
      ++at;
      continue;
    }
    if (rest.starts_with('^') || rest.starts_with('$')) {
      ++at;
      continue;
    }
    bool may_be_empty = false;
    double times = 1;
    if (rest.starts_with(')') && groups.size() > 1) {
      may_be_empty = groups.back().empty_branch || groups.back().empty;
      times = groups.back().times;
      groups.pop_back();
      ++at;
    } else {
      at += atom_size(rest);
    }
    const Repeat repeat = repeat_at(pattern.substr(std::min(at, pattern.size())));
    if (repeat.again && may_be_empty) return true;
    if (times > 1 && times * repeat.most > kTimesMax) return true;
    at += repeat.size;
    Group& group = groups.back();
    group.empty = group.empty && (may_be_empty || repeat.optional);
    group.times = std::max(group.times, times * repeat.most);
  }
  return false;
}

}  // namespace llmspool::llamacpp
