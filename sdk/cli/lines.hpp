// SPDX-License-Identifier: MIT
// Lines of a stream that comes in pieces.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "exit_code.hpp"

namespace llmspool::cli {

// Hands each line to `take`, without its line break. Blank lines are left out.
class Lines {
 public:
  explicit Lines(std::function<void(std::string_view line)> take) : take_(std::move(take)) {}

  void feed(std::string_view piece) {
    for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
      begun_ += piece.substr(0, end);
      finish();
      piece.remove_prefix(end + 1);
    }
    begun_ += piece;
    if (begun_.size() > kLineBytesMax)
      throw Failure(ExitCode::server_error, "The daemon sends a line without an end.");
  }

  // The last line may lack its line break.
  void finish() {
    if (!begun_.empty()) take_(begun_);
    begun_.clear();
  }

 private:
  static constexpr std::size_t kLineBytesMax = std::size_t{256} << 20;

  std::function<void(std::string_view line)> take_;
  std::string begun_;
};

}  // namespace llmspool::cli
