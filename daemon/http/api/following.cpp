// SPDX-License-Identifier: MIT
#include "http/api/following.hpp"

namespace llmspool::http {

Follower::Follower(const Services& services, job::JobId id, std::shared_ptr<Signal> signal)
    : services_(services),
      signal_(std::move(signal)),
      following_(std::make_shared<spool::Hub::Following>(services.spool.hub(), id,
                                                         [woken = signal_] { woken->notify(); })) {}

asio::awaitable<Result<std::vector<spool::PublishedPtr>>> Follower::events(job::Seq after) {
  if (auto recent = following_->events_in_memory(after)) co_return *std::move(recent);
  auto work = [following = following_, after] { return following->events(after); };
  co_return co_await services_.read(std::move(work));
}

asio::awaitable<Result<spool::SnapshotPtr>> Follower::snapshot() {
  if (auto known = following_->snapshot_in_memory()) co_return known;
  auto work = [following = following_] { return following->snapshot(); };
  co_return co_await services_.read(std::move(work));
}

asio::awaitable<Result<spool::SnapshotPtr>> Follower::until_ended(Signal::TimePoint deadline) {
  for (;;) {
    auto now = co_await snapshot();
    if (!now || (*now)->ended() || signal_->stopped() ||
        std::chrono::steady_clock::now() >= deadline) {
      co_return now;
    }
    co_await signal_->wait_until(deadline);
  }
}

asio::awaitable<Result<std::string>> text_when_ended(const Services& services,
                                                     const Request& request, job::JobId id,
                                                     Signal::TimePoint deadline) {
  request.watch_client();
  Follower follower(services, id, request.signal);
  LLMSPOOL_CO_TRY(snapshot, co_await follower.until_ended(deadline));
  co_return snapshot->json;
}

}  // namespace llmspool::http
