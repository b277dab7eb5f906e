// SPDX-License-Identifier: MIT
#include "config/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

namespace llmspool::config {
namespace {

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

// Whether the address is a loopback one; nothing if it is no IP address at all.
std::optional<bool> is_loopback(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1)
    return std::memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
  return std::nullopt;
}

bool is_host_character(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || std::string_view(".-_:[]").contains(c);
}

}  // namespace

std::string wrong_with_listen(std::string_view address) {
  constexpr std::string_view kForm = "it must be an IP address and a port, like 127.0.0.1:7741";
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos || !is_port(address.substr(colon + 1))) return std::string(kForm);
  std::string_view ip = address.substr(0, colon);
  const bool bracketed = ip.starts_with('[') && ip.ends_with(']');
  if (bracketed) ip = ip.substr(1, ip.size() - 2);
  if (bracketed != ip.contains(':'))
    return std::string(kForm) + ", an IPv6 address in brackets, like [::1]:7741";
  const auto loopback = is_loopback(std::string(ip));
  if (!loopback) return std::string(kForm) + ", not a name";
  if (!*loopback)
    return "the daemon listens on loopback addresses only, since it has no tokens yet to tell its "
           "clients apart; let a reverse proxy or an SSH tunnel bring others to 127.0.0.1";
  return {};
}

std::string wrong_with_host(std::string_view host) {
  if (host.empty() || !std::ranges::all_of(host, is_host_character))
    return "it must be a host name as clients write it, like printer.example.org";
  return {};
}

std::string wrong_with_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == 0 || scheme == origin.npos || !wrong_with_host(origin.substr(scheme + 3)).empty())
    return "it must be a scheme and a host, like https://app.example.org, without a path";
  return {};
}

}  // namespace llmspool::config
