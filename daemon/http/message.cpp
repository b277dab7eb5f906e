// SPDX-License-Identifier: MIT
#include "http/message.hpp"

#include <cassert>

namespace llmspool::http {

const std::string& Request::parameter(std::string_view name) const {
  static const std::string kNone;
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  assert(false);
  return kNone;
}

Response json_response(int status, const boost::json::value& value) {
  return json_text_response(status, boost::json::serialize(value));
}

Response json_text_response(int status, std::string json) {
  Response response(status);
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(json);
  return response;
}

}  // namespace llmspool::http
