// SPDX-License-Identifier: MIT
#include "http/router.hpp"

#include <algorithm>
#include <optional>

namespace llmspool::http {
namespace {

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{');
}

std::optional<Query> matched(const Route& route, const std::vector<std::string>& segments) {
  if (route.segments.size() != segments.size()) return std::nullopt;
  Query parameters;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& pattern = route.segments[i];
    if (is_parameter(pattern)) {
      parameters.emplace_back(pattern.substr(1, pattern.size() - 2), segments[i]);
    } else if (pattern != segments[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

asio::awaitable<Result<Response>> at_once(Result<Response> response) {
  co_return std::move(response);
}

}  // namespace

void Router::add(std::string method, std::string_view pattern, Handler handler) {
  Route route{std::move(method), std::string(pattern), std::move(handler)};
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    route.segments.emplace_back(pattern.substr(0, pattern.find('/')));
    pattern.remove_prefix(route.segments.back().size());
  }
  routes_.push_back(std::move(route));
}

void Router::add_streamed(std::string method, std::string_view pattern, Handler handler) {
  add(std::move(method), pattern, std::move(handler));
  routes_.back().streamed = true;
}

void Router::add_plain(std::string method, std::string_view pattern,
                       std::function<Result<Response>(const Request&)> handler) {
  add(std::move(method), pattern,
      [handler = std::move(handler)](const Request& request) { return at_once(handler(request)); });
}

Router::Match Router::match(std::string_view method,
                            const std::vector<std::string>& segments) const {
  Match match;
  std::vector<std::string> methods;
  std::optional<std::size_t> fewest;  // parameters: /api/jobs/bulk is no /api/jobs/{id}
  for (const Route& route : routes_) {
    auto parameters = matched(route, segments);
    if (!parameters || (fewest && parameters->size() > *fewest)) continue;
    if (fewest && parameters->size() < *fewest) {
      methods.clear();
      match.route = nullptr;
    }
    fewest = parameters->size();
    methods.push_back(route.method);
    if (route.method == "GET") methods.emplace_back("HEAD");
    if (route.method != (method == "HEAD" ? "GET" : method)) continue;
    match.route = &route;
    match.parameters = *std::move(parameters);
  }
  if (methods.empty()) return match;
  methods.emplace_back("OPTIONS");
  std::ranges::sort(methods);
  const auto repeated = std::ranges::unique(methods);
  methods.erase(repeated.begin(), repeated.end());
  for (const std::string& each : methods) match.allow += (match.allow.empty() ? "" : ", ") + each;
  return match;
}

}  // namespace llmspool::http
