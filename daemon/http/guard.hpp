// SPDX-License-Identifier: MIT
// What a request must show before it is heard: a host that is ours, no foreign web page behind it,
// a body that no plain web form can send. Decisions on values only.
#pragma once

#include "base/result.hpp"
#include "http/headers.hpp"
#include "http/settings.hpp"

namespace llmspool::http {

enum class Transport { unix_socket, tcp };

// How the body's end is told: by Content-Length or in chunks, which HTTP/1.0 does not know. Where
// it is told otherwise, a next request cannot be found.
Result<void> check_framing(bool http_1_1, const Headers& headers);

// The host a request is for. On TCP it must be a loopback name or an allowed one, so that a name
// that a web page's owner has pointed at 127.0.0.1 is of no use to it.
Result<void> check_host(Transport transport, bool http_1_1, const Headers& headers,
                        const Settings& settings);

// True if pages of `origin` may read our answers though they come from elsewhere.
bool is_allowed_origin(std::string_view origin, const Settings& settings);

// The web page behind a state-changing call or a WebSocket, where a browser names one.
Result<void> check_origin(Transport transport, const Headers& headers, const Settings& settings);

// The type of a body that is there; `ndjson`: the route reads lines of JSON.
Result<void> check_content_type(const Headers& headers, bool ndjson = false);

// What a method other than GET, HEAD and OPTIONS does may change something.
bool changes_state(std::string_view method);

}  // namespace llmspool::http
