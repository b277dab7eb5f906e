// SPDX-License-Identifier: MIT
// The memory that the bodies of requests under way share, so that many large ones at once do not
// take all there is. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace llmspool::http {

class BodyRoom {
 public:
  // For one body. Given back at its end; the room outlives it.
  class Share {
   public:
    Share(BodyRoom& room, std::size_t bytes) : room_(&room), bytes_(bytes) {}
    Share(Share&& other) noexcept : room_(other.room_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&&) = delete;
    ~Share() { room_->taken_ -= bytes_; }
    // It has turned out to be no larger than that.
    void shrink_to(std::size_t bytes) {
      const std::size_t needed = std::min(charged(bytes), bytes_);
      room_->taken_ -= bytes_ - needed;
      bytes_ = needed;
    }

   private:
    BodyRoom* room_;
    std::size_t bytes_;
  };

  explicit BodyRoom(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;

  // Nothing: there is no room now. A small body always has some, whoever takes the rest.
  std::optional<Share> take(std::size_t bytes) {
    const std::size_t needed = charged(bytes);
    Share share(*this, needed);
    const std::size_t taken = taken_ += needed;
    if (taken > bytes_max_ && needed > 0) return std::nullopt;
    return share;
  }

 private:
  static constexpr std::size_t kSmallBytes = std::size_t{64} * 1024;
  static std::size_t charged(std::size_t bytes) { return bytes <= kSmallBytes ? 0 : bytes; }

  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace llmspool::http
