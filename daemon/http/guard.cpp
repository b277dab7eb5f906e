// SPDX-License-Identifier: MIT
#include "http/guard.hpp"

#include <algorithm>

namespace llmspool::http {
namespace {

// "name:port" without its port; an IPv6 address keeps its brackets.
std::string_view without_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  if (bracket != std::string_view::npos && colon < bracket) return host;
  const std::string_view port = host.substr(colon + 1);
  const bool digits = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? host.substr(0, colon) : host;
}

bool is_ours(std::string_view host, const Settings& settings) {
  const std::string_view name = without_port(host);
  for (const std::string_view loopback : {"localhost", "127.0.0.1", "[::1]"}) {
    if (iequals(name, loopback)) return true;
  }
  return std::ranges::any_of(settings.allowed_hosts, [&](const std::string& allowed) {
    return iequals(allowed, host) || iequals(allowed, name);
  });
}

}  // namespace

Result<void> check_framing(bool http_1_1, const Headers& headers) {
  const std::string* coding = headers.find("Transfer-Encoding");
  if (!coding) return {};
  if (!http_1_1) return fail(Code::invalid, "HTTP/1.0 has no Transfer-Encoding.");
  if (headers.count("Transfer-Encoding") == 1 && iequals(trimmed(*coding), "chunked")) return {};
  return fail(Code::invalid, "Transfer-Encoding may only be chunked.");
}

Result<void> check_host(Transport transport, bool http_1_1, const Headers& headers,
                        const Settings& settings) {
  if (headers.count("Host") > 1) {
    return fail(Code::invalid, "The request has more than one Host header.");
  }
  const std::string* host = headers.find("Host");
  if (transport == Transport::unix_socket) return {};
  if (!host && http_1_1) return fail(Code::invalid, "The request has no Host header.");
  if (host && is_ours(trimmed(*host), settings)) return {};
  return fail(Code::forbidden,
              host ? "The host '" + *host +
                         "' is not one of ours: use localhost, or let the operator add it to "
                         "server.allowed_hosts."
                   : "The request names no host: send a Host header, such as localhost.");
}

bool is_allowed_origin(std::string_view origin, const Settings& settings) {
  return std::ranges::any_of(settings.allowed_origins,
                             [&](const std::string& allowed) { return iequals(allowed, origin); });
}

Result<void> check_origin(Transport transport, const Headers& headers, const Settings& settings) {
  const std::string* origin = headers.find("Origin");
  if (!origin) return {};  // no browser, or one that need not say
  const std::string* host = headers.find("Host");
  const bool only_one = headers.count("Origin") == 1;
  // Behind a Unix socket any Host is taken, so that being equal to it proves nothing.
  if (only_one && transport == Transport::tcp && host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (iequals(*origin, std::string(scheme) + std::string(trimmed(*host)))) return {};
    }
  }
  if (only_one && is_allowed_origin(*origin, settings)) return {};
  return fail(Code::forbidden, "A web page of '" + *origin +
                                   "' may not do this: let the operator add it to "
                                   "server.allowed_origins.");
}

Result<void> check_content_type(const Headers& headers, bool ndjson) {
  if (const std::string* coding = headers.find("Content-Encoding");
      coding && !iequals(trimmed(*coding), "identity")) {
    return fail(Code::unsupported_media,
                "The body is encoded as '" + *coding + "': send it without Content-Encoding.");
  }
  const std::string* text = headers.find("Content-Type");
  ParameterizedValue type;
  if (text && headers.count("Content-Type") == 1 && parse_parameterized(*text, type) &&
      (ndjson ? type.value == "application/x-ndjson"
              : type.value == "application/json" || type.value == "multipart/form-data")) {
    return {};
  }
  return fail(Code::unsupported_media,
              (text ? "The body's type '" + *text + "' is not read here"
                    : std::string("The body's type is not given")) +
                  (ndjson ? ": send application/x-ndjson as Content-Type."
                          : ": send application/json or multipart/form-data as Content-Type."));
}

bool changes_state(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

}  // namespace llmspool::http
