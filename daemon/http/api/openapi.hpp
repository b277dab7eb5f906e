// SPDX-License-Identifier: MIT
// The OpenAPI document of the API, as it is served.
#pragma once

#include <string_view>

namespace llmspool::http {

extern const std::string_view kOpenApi;

}  // namespace llmspool::http
