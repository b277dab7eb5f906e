// SPDX-License-Identifier: MIT
#include "http/problem.hpp"

#include "base/text.hpp"

namespace llmspool::http {
namespace {

struct Kind {
  Code code;
  int status;
  std::string_view type, title;
  int retry_after_seconds;  // 0: no hint
};
constexpr Kind kKinds[] = {
    {Code::invalid, 400, "invalid", "The request is wrong", 0},
    {Code::unprocessable, 422, "unprocessable", "The request contradicts an earlier one", 0},
    {Code::not_found, 404, "not-found", "Not found", 0},
    {Code::conflict, 409, "conflict", "The job's state forbids it", 0},
    {Code::forbidden, 403, "forbidden", "Not allowed", 0},
    {Code::too_large, 413, "too-large", "Too large", 0},
    {Code::unsupported_media, 415, "unsupported-media", "Unsupported media type", 0},
    {Code::queue_full, 429, "queue-full", "The queue is full", 10},
    {Code::no_space, 507, "no-space", "No space left", 30},
    {Code::unavailable, 503, "unavailable", "Not available now", 5},
    {Code::stale, 409, "stale", "Another has taken over", 0},
    {Code::internal, 500, "internal", "Internal error", 0},
};

const Kind& kind_of(Code code) {
  for (const Kind& kind : kKinds) {
    if (kind.code == code) return kind;
  }
  return kKinds[std::size(kKinds) - 1];
}

boost::json::object document(int status, std::string_view type, std::string_view title,
                             std::string_view detail) {
  boost::json::object result;
  result["type"] = "urn:llmspool:problem:" + std::string(type);
  result["title"] = title;
  result["status"] = status;
  result["detail"] = repaired_utf8(detail);  // a client's own words may stand in it
  return result;
}

Response response_with(int status, const boost::json::object& problem) {
  Response response = json_response(status, problem);
  response.headers.set("Content-Type", "application/problem+json");
  return response;
}

}  // namespace

int status_of(Code code) {
  return kind_of(code).status;
}

boost::json::object problem_document(const Error& error, std::string_view instance) {
  const Kind& kind = kind_of(error.code);
  boost::json::object result = document(kind.status, kind.type, kind.title, error.message);
  if (!instance.empty()) result["instance"] = instance;
  if (kind.retry_after_seconds > 0) result["retry_after"] = kind.retry_after_seconds;
  if (!error.fields.empty()) {
    boost::json::array& fields = result["errors"].emplace_array();
    for (const FieldError& each : error.fields) {
      fields.push_back(boost::json::object{{"field", each.field}, {"detail", each.detail}});
    }
  }
  return result;
}

Response problem_response(const Error& error, std::string_view instance) {
  const Kind& kind = kind_of(error.code);
  Response response = response_with(kind.status, problem_document(error, instance));
  if (kind.retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(kind.retry_after_seconds));
  }
  return response;
}

Response problem_response(int status, std::string_view type, std::string_view title,
                          std::string_view detail) {
  return response_with(status, document(status, type, title, detail));
}

}  // namespace llmspool::http
