// SPDX-License-Identifier: MIT
// What may be said about who can reach the daemon over the network.
#pragma once

#include <string>
#include <string_view>

namespace llmspool::config {

// Each gives what is wrong with the value as the end of a sentence about it; empty: nothing.
std::string wrong_with_listen(std::string_view address);  // a loopback IP:PORT
std::string wrong_with_host(std::string_view host);       // of a Host header
std::string wrong_with_origin(std::string_view origin);   // of an Origin header

}  // namespace llmspool::config
