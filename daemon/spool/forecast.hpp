// SPDX-License-Identifier: MIT
// Which job goes when, as far as can be told: the place of each waiting job in its queue and when
// each active job will have ended, from how long jobs like it have taken. The first of a queue are
// told exactly, those far behind by estimate. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "spool/history.hpp"
#include "store/store.hpp"

namespace llmspool::spool {

class Forecast {
 public:
  // What the forecast must know of a backend.
  struct Server {
    std::string backend;
    int concurrency = 1;
  };
  Forecast(store::Store& store, const Clock& clock, std::vector<Server> servers,
           job::TurnRules rules);

  // One more, that jobs wait for.
  void add(Server server);
  // Learns from the jobs that have completed in earlier lives. Blocks for the disk.
  void recall();
  void learn(const job::Job& ended, Milliseconds took);

  // The queues are no longer as they were looked at.
  void outdate() { outdated_ = true; }
  // Looks at the queues anew if that is worth it, one caller at a time; blocks for the disk.
  void refresh();

  // As of the last look; never blocks.
  job::Outlook of(const job::Job& job) const;
  std::int64_t waiting(const std::string& backend) const;
  std::optional<double> mean_seconds(const std::string& backend) const;
  // Waiting jobs, of one owner or of all, in the order in which they are expected to begin.
  std::vector<job::JobId> order(const std::optional<std::string>& owner) const;

 private:
  struct Place {
    std::int64_t position = 0;
    double begins_in = 0;  // seconds, from the look
    std::optional<double> ends_in{};
    std::string owner{};
  };
  // One backend's queue at the last look.
  struct View {
    std::unordered_map<job::JobId, Place> places{};
    std::int64_t waiting = 0;
    std::int64_t last_place_rank = 0, last_rank = 0;  // of the last told exactly, and of all
  };

  View look(const Server& server, const store::Queue& queue, const std::vector<job::Job>& running,
            const History& history) const;
  std::optional<double> rest_of(const job::Job& running, const History& history) const;
  std::optional<std::int64_t> position_of(const View& view, const job::Job& job) const;

  store::Store& store_;
  const Clock& clock_;
  const job::TurnRules rules_;

  mutable std::mutex mutex_;
  std::vector<Server> servers_;
  History history_;
  std::map<std::string, View> views_;
  bool looking_ = false;  // somebody does
  std::condition_variable looked_;
  Time looked_at_{}, next_look_{};
  std::atomic<bool> outdated_ = true;
};

}  // namespace llmspool::spool
