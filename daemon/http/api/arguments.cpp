// SPDX-License-Identifier: MIT
#include "http/api/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.hpp"

namespace llmspool::http {
namespace {

std::unexpected<Error> wrong(std::string_view name, std::string detail) {
  return std::unexpected(Error{Code::invalid,
                               "The parameter '" + std::string(name) + "' is wrong: " + detail,
                               {{std::string(name), detail}}});
}

}  // namespace

Result<job::JobId> job_id(const Request& request) {
  const std::string& text = request.parameter("id");
  if (const auto id = job::parse_id(text)) return *id;
  return fail(Code::not_found, "There is no job '" + text + "'.");
}

Result<void> check_query(const Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.target.query) {
    if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
    std::string list;
    for (const std::string_view each : known)
      list += (list.empty() ? "" : ", ") + std::string(each);
    return wrong(name, list.empty() ? "there are no parameters here."
                                    : "there is none of that name here; there are: " + list + ".");
  }
  return {};
}

Result<std::optional<std::string>> argument(const Request& request, std::string_view name) {
  std::optional<std::string> result;
  for (const auto& [key, value] : request.target.query) {
    if (key != name) continue;
    if (result) return wrong(name, "it is given more than once.");
    result = value;
  }
  return result;
}

Result<std::int64_t> integer_argument(const Request& request, std::string_view name,
                                      std::int64_t otherwise, std::int64_t minimum,
                                      std::int64_t maximum) {
  LLMSPOOL_TRY(text, argument(request, name));
  if (!text) return otherwise;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc() && rest == end && number >= minimum && number <= maximum) return number;
  const bool bounded = maximum < std::numeric_limits<std::int64_t>::max();
  return wrong(name, "it must be a whole number from " + std::to_string(minimum) +
                         (bounded ? " to " + std::to_string(maximum) : " on") + ", not '" + *text +
                         "'.");
}

Result<std::chrono::milliseconds> wait_argument(const Request& request) {
  LLMSPOOL_TRY(text, argument(request, "wait"));
  if (!text) return std::chrono::milliseconds(0);
  double seconds = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, seconds);
  const auto maximum = static_cast<double>(limits::kWaitMax.count());
  if (error != std::errc() || rest != end || !(seconds >= 0 && seconds <= maximum)) {
    return wrong("wait", "it must be a number of seconds from 0 to " +
                             std::to_string(limits::kWaitMax.count()) + ", not '" + *text + "'.");
  }
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

}  // namespace llmspool::http
