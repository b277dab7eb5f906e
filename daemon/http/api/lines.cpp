// SPDX-License-Identifier: MIT
#include "http/api/lines.hpp"

#include <utility>

namespace llmspool::http {

std::size_t LineSplitter::add(std::string_view piece) {
  const std::size_t end = piece.find('\n');
  const std::string_view part = piece.substr(0, end);
  too_long_ = too_long_ || partial_.size() + part.size() > bytes_max_;
  if (too_long_)
    partial_.clear();
  else
    partial_ += part;
  if (end == std::string_view::npos) return piece.size();
  end_line();
  return end + 1;
}

void LineSplitter::finish() {
  end_line();
}

void LineSplitter::end_line() {
  const bool blank = !too_long_ && partial_.find_first_not_of(" \t\r") == std::string::npos;
  if (!blank) {
    bytes_ += partial_.size();
    lines_.push_back({number_, std::move(partial_), too_long_});
  }
  partial_.clear();
  too_long_ = false;
  ++number_;
}

void LineSplitter::clear() {
  take();
  partial_ = {};
}

std::vector<Line> LineSplitter::take() {
  bytes_ = 0;
  return std::exchange(lines_, {});
}

}  // namespace llmspool::http
