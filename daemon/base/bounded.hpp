// SPDX-License-Identifier: MIT
// How much of what a client got wrong is told to it: an answer must not grow with nonsense.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmspool {

inline constexpr std::size_t kErrorsTold = 20;

// A name of the client's own making, cut where it is too long to be repeated.
inline std::string shortened(std::string_view name) {
  constexpr std::size_t kNameBytesTold = 64;
  if (name.size() <= kNameBytesTold) return std::string(name);
  std::size_t end = kNameBytesTold;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return std::string(name.substr(0, end)) + "...";
}

}  // namespace llmspool
