// SPDX-License-Identifier: MIT
// What the connections of a server share, and the count of those that are open.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "http/body_room.hpp"
#include "http/router.hpp"
#include "http/settings.hpp"

namespace llmspool::http {

class Session;

class Core {
 public:
  Core(asio::io_context& io_context, Settings server_settings, spool::Spool& served)
      : io(io_context),
        settings(std::move(server_settings)),
        spool(served),
        bodies(std::max(settings.bodies_bytes_max, settings.body_bytes_max)) {}

  asio::io_context& io;
  const Settings settings;
  spool::Spool& spool;
  Router router;
  BodyRoom bodies;
  asio::thread_pool blocking{limits::kHttpBlockingThreads};
  asio::thread_pool identifying{1};  // of those who connect: nobody's reads make them wait

  // False: there are too many already, or the server stops.
  bool enter(const std::shared_ptr<Session>& session);
  void leave(const Session* session);
  // The same for those who accept connections.
  void enter_acceptor();
  void leave_acceptor();

  bool stopping() const { return stopping_; }
  // No session enters any more. `ended` is called once nobody is left, from any thread.
  void begin_stop(std::function<void()> ended);
  std::vector<std::shared_ptr<Session>> sessions() const;

 private:
  void tell_if_ended(std::unique_lock<std::mutex> lock);

  mutable std::mutex mutex_;
  std::unordered_map<const Session*, std::weak_ptr<Session>> sessions_;
  int acceptors_ = 0;
  std::atomic<bool> stopping_ = false;
  std::function<void()> ended_;
};

}  // namespace llmspool::http
