// SPDX-License-Identifier: MIT
#include "http/core.hpp"

namespace llmspool::http {

bool Core::enter(const std::shared_ptr<Session>& session) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || sessions_.size() >= settings.connections_max) return false;
  sessions_.emplace(session.get(), session);
  return true;
}

void Core::leave(const Session* session) {
  std::unique_lock lock(mutex_);
  sessions_.erase(session);
  tell_if_ended(std::move(lock));
}

void Core::enter_acceptor() {
  const std::lock_guard lock(mutex_);
  ++acceptors_;
}

void Core::leave_acceptor() {
  std::unique_lock lock(mutex_);
  --acceptors_;
  tell_if_ended(std::move(lock));
}

void Core::begin_stop(std::function<void()> ended) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  ended_ = std::move(ended);
  tell_if_ended(std::move(lock));
}

void Core::tell_if_ended(std::unique_lock<std::mutex> lock) {
  if (!stopping_ || !sessions_.empty() || acceptors_ > 0 || !ended_) return;
  const auto ended = std::exchange(ended_, nullptr);
  lock.unlock();
  ended();
}

std::vector<std::shared_ptr<Session>> Core::sessions() const {
  std::vector<std::shared_ptr<Session>> result;
  const std::lock_guard lock(mutex_);
  for (const auto& [session, weak] : sessions_) {
    if (auto alive = weak.lock()) result.push_back(std::move(alive));
  }
  return result;
}

}  // namespace llmspool::http
