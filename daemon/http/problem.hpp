// SPDX-License-Identifier: MIT
// Errors on the wire: RFC 9457 problem documents, by one table from code to status.
#pragma once

#include "base/result.hpp"
#include "http/message.hpp"

namespace llmspool::http {

int status_of(Code code);

// The problem of `error`; `instance` is the address of the job that it is about, or empty.
boost::json::object problem_document(const Error& error, std::string_view instance = {});
Response problem_response(const Error& error, std::string_view instance = {});

// For what only HTTP knows: 405, 426, 431, ... `type` is the last word of the problem's type.
Response problem_response(int status, std::string_view type, std::string_view title,
                          std::string_view detail);

}  // namespace llmspool::http
