// SPDX-License-Identifier: MIT
// The Idempotency-Key of a request and the fingerprint that tells whether two requests with one
// key are the same.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "base/result.hpp"
#include "http/headers.hpp"

namespace llmspool::http {

// A structured-field string ("abc") or the bare text; empty where the header is not there.
Result<std::string> idempotency_key(const Headers& headers);

// Equal for equal values, whatever the order of their fields and the space between them. Stable
// across versions: it is stored.
std::string fingerprint(const boost::json::value& body);
std::string fingerprint(const std::map<std::string, std::string>& form);

}  // namespace llmspool::http
