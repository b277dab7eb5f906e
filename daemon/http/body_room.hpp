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
    explicit Share(BodyRoom& room) : room_(&room) {}
    Share(Share&& other) noexcept : room_(other.room_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&&) = delete;
    ~Share() { room_->taken_ -= bytes_; }
    // It has so many bytes now. False: there is no room for more, and it stays as it was.
    bool resize(std::size_t bytes) {
      const std::size_t needed = charged(bytes);
      if (needed > bytes_) {
        const std::size_t more = needed - bytes_;
        const std::size_t taken = room_->taken_ += more;
        if (taken > room_->bytes_max_) {
          room_->taken_ -= more;
          return false;
        }
      } else {
        room_->taken_ -= bytes_ - needed;
      }
      bytes_ = needed;
      return true;
    }

   private:
    BodyRoom* room_;
    std::size_t bytes_ = 0;
  };

  explicit BodyRoom(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;

  // Nothing: there is no room now. A small body always has some, whoever takes the rest.
  std::optional<Share> take(std::size_t bytes) {
    Share share(*this);
    if (!share.resize(bytes)) return std::nullopt;
    return share;
  }

 private:
  static constexpr std::size_t kSmallBytes = std::size_t{64} * 1024;
  static std::size_t charged(std::size_t bytes) { return bytes <= kSmallBytes ? 0 : bytes; }

  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace llmspool::http
