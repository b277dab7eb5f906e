// SPDX-License-Identifier: MIT
// Lines out of a body that comes piece by piece, in chunks of several whole ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llmspool::http {

struct Line {
  std::int64_t number = 0;  // in the body, from 1
  std::string text{};
  bool too_long = false;  // then the text is not there
};

class LineSplitter {
 public:
  // A line may have so many bytes.
  explicit LineSplitter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Takes up to the end of a line, or all; gives how much it took.
  std::size_t add(std::string_view piece);
  void finish();  // what stands after the last newline is a line too

  // Lines that are whole, blank ones left out.
  std::vector<Line> take();
  void clear();  // of all that it has, whole or not
  std::size_t lines() const { return lines_.size(); }
  std::size_t bytes() const { return bytes_; }                   // of these
  std::size_t kept() const { return bytes_ + partial_.size(); }  // in all
  std::int64_t number() const { return number_; }                // of the line that is being read
  // Of the first line that has not been taken.
  std::int64_t first_number() const { return lines_.empty() ? number_ : lines_.front().number; }

 private:
  void end_line();

  const std::size_t bytes_max_;
  std::int64_t number_ = 1;
  std::string partial_;
  bool too_long_ = false;
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
};

}  // namespace llmspool::http
