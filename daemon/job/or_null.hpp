// SPDX-License-Identifier: MIT
// Values that may be missing, as JSON shows them.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace llmspool::job {

inline boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

inline boost::json::value time_or_null(const std::optional<Time>& time) {
  return time ? boost::json::value(format_time(*time)) : boost::json::value(nullptr);
}

template <class Number>
boost::json::value number_or_null(const std::optional<Number>& number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

}  // namespace llmspool::job
