// SPDX-License-Identifier: MIT
// A bulk submit: one request of very many lines, made while it is sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

// Returns once every line has been answered with a job.
void send_bulk(const std::string& address, std::string_view line, std::size_t lines);

}  // namespace bench
