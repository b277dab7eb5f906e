// SPDX-License-Identifier: MIT
// What a request says in its address: the job's id and the query's parameters, strictly.
#pragma once

#include <initializer_list>
#include <optional>

#include "http/message.hpp"

namespace llmspool::http {

// The job of /api/jobs/{id}. Code::not_found for what is no id.
Result<job::JobId> job_id(const Request& request);

// Code::invalid, naming it, for a parameter that is not among `known`.
Result<void> check_query(const Request& request, std::initializer_list<std::string_view> known);

// A parameter that may be given once.
Result<std::optional<std::string>> argument(const Request& request, std::string_view name);
// A whole number from `minimum` to `maximum`; `otherwise` where it is not given.
Result<std::int64_t> integer_argument(const Request& request, std::string_view name,
                                      std::int64_t otherwise, std::int64_t minimum,
                                      std::int64_t maximum);
// ?wait=SECONDS, with fractions; 0 where it is not given.
Result<std::chrono::milliseconds> wait_argument(const Request& request);

}  // namespace llmspool::http
