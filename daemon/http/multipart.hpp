// SPDX-License-Identifier: MIT
// multipart/form-data (RFC 7578) in memory: a body and its boundary to a bounded list of parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace llmspool::http {

struct Part {
  std::string name;
  std::string content_type;       // empty: not given
  std::string_view content;       // in the body that was parsed
  bool is_unchosen_file = false;  // what a browser sends where no file was chosen
};

// The boundary from a Content-Type header. Code::invalid where there is none or a wrong one.
Result<std::string> boundary_of(std::string_view content_type);

// The parts in order. `body` must outlive them.
Result<std::vector<Part>> parse_multipart(std::string_view body, std::string_view boundary);

}  // namespace llmspool::http
