// SPDX-License-Identifier: MIT
// A connection that follows a job: the hub's pulls as coroutines, which leave the event loop only
// where the disk must be asked.
#pragma once

#include "http/api/api.hpp"

namespace llmspool::http {

class Follower {
 public:
  // `signal` is notified at every change of the job.
  Follower(const Services& services, job::JobId id, std::shared_ptr<Signal> signal);

  // Events after `after`, oldest first; empty: there are none yet.
  asio::awaitable<Result<std::vector<spool::PublishedPtr>>> events(job::Seq after);
  // The job as it is now. Code::not_found once it has been removed.
  asio::awaitable<Result<spool::SnapshotPtr>> snapshot();
  // The job when it has ended, or as it is at `deadline` or when the server stops.
  asio::awaitable<Result<spool::SnapshotPtr>> until_ended(Signal::TimePoint deadline);

 private:
  const Services& services_;
  const std::shared_ptr<Signal> signal_;
  std::shared_ptr<spool::Hub::Following> following_;
};

// The job object when the job has ended, or as it is at `deadline` or when the server stops; a
// client that goes meanwhile is not waited for.
asio::awaitable<Result<std::string>> text_when_ended(const Services& services,
                                                     const Request& request, job::JobId id,
                                                     Signal::TimePoint deadline);

}  // namespace llmspool::http
