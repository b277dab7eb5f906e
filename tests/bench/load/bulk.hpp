// SPDX-License-Identifier: MIT
// A bulk submit: one request of very many lines, made while it is sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

// Returns once the answer has a job's id for every line.
void send_bulk(const std::string& address, std::string_view line, std::size_t lines);

}  // namespace bench
