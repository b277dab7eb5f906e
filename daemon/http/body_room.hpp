// SPDX-License-Identifier: MIT
// The memory that the bodies of requests under way share, so that many large ones at once do not
// take all there is. Any thread.
#pragma once

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

   private:
    BodyRoom* room_;
    std::size_t bytes_;
  };

  explicit BodyRoom(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;

  // Nothing: there is no room now. A small body always has some, whoever takes the rest.
  std::optional<Share> take(std::size_t bytes) {
    if (bytes <= kSmallBytes) bytes = 0;
    Share share(*this, bytes);
    if ((taken_ += bytes) > bytes_max_ && bytes > 0) return std::nullopt;
    return share;
  }

 private:
  static constexpr std::size_t kSmallBytes = std::size_t{64} * 1024;

  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace llmspool::http
