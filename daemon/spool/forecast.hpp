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
#include "spool/loop.hpp"
#include "spool/ranking.hpp"
#include "store/store.hpp"

namespace llmspool::spool {

// Whether a pending job waits for nothing but its turn. The store may not know yet that its time
// has come, nor who has read it before that those that it was to follow have completed.
inline bool waits_its_turn(const job::Job& job, Time now) {
  return job.claimable || (job.after.empty() && job::earliest_start(job, now).value_or(now) <= now);
}

class Forecast {
 public:
  // What the forecast must know of a backend.
  struct Server {
    std::string backend;
    int concurrency = 1;
    std::int64_t requests_per_minute = 0;            // 0: no limit
    std::string default_model{};                     // of jobs that name none
    std::map<std::string, int> model_concurrency{};  // jobs at once for a model

    const std::string& model_of(const std::string& asked) const {
      return asked.empty() ? default_model : asked;
    }
    // Jobs at once that ask for such a model.
    int most(const std::string& asked) const;
  };
  // How long a backend gives no job a start; nothing: nobody can say. Any thread.
  using Rest = std::function<std::optional<Milliseconds>(const std::string& backend)>;
  // All outlive it.
  Forecast(store::Store& store, const Clock& clock, const Loop& loop, job::TurnRules rules,
           Rest rest);

  // One that jobs wait for.
  void add(Server server);
  void tell_default_model(const std::string& backend, const std::string& model);
  // Learns from the jobs that have completed in earlier lives. Blocks for the disk.
  void recall();
  // What a job has become: it begins, runs, waits again, has ended.
  void on_change(const job::Job& job);

  // Looks at the queues anew if that is worth it, one caller at a time; blocks for the disk.
  void refresh();

  // As of the last look; never blocks for the disk.
  job::Outlook of(const job::Job& job) const;
  std::int64_t waiting(const std::string& backend) const;
  std::optional<double> mean_seconds(const std::string& backend) const;
  // Waiting jobs, of one owner or of all, in the order in which they are expected to begin.
  std::vector<job::JobId> order(const std::optional<std::string>& owner) const;

 private:
  struct Place {
    std::int64_t position = 0;
    std::optional<double> ends_in{};
    std::string owner{};
  };
  // One backend's queue at a look.
  struct View {
    std::unordered_map<job::JobId, Place> places{};
    std::vector<double> begins{};  // of the places, in their order
    double next_begins = 0;        // a job behind them all
    std::int64_t waiting = 0;
    std::int64_t last_place_rank = 0, last_rank = 0;  // of the last told exactly, and of all
    Time looked_at{};
    // Who waits: those who have a place, and of those that have come since the look so many that
    // there are no more than this.
    static constexpr std::size_t kRankedMax = 12'000;
    Ranking ranking{};
    // By their ranks, those that have come since the next look has begun.
    std::unordered_map<job::JobId, std::int64_t> coming{};

    void enter(job::JobId id, std::int64_t rank);
    void leave(job::JobId id);
  };

  using Views = std::map<std::string, View>;
  // What it has seen itself. By the loop's time: the clock on the wall may be set meanwhile.
  struct Known {
    std::vector<Server> servers{};
    History history{};
    std::unordered_map<job::JobId, Milliseconds> begun{};  // jobs that run, and since when
    // Of each backend: who had the last turns, and for which model the very last was.
    std::map<std::string, job::Turns> turns{};
    std::map<std::string, std::string> last_model{};
  };

  // Nothing where the disk fails.
  std::optional<Views> look_at_all(const Known& known) const;
  View look(const Server& server, const store::Queue& queue, const std::vector<job::Job>& running,
            const Known& known) const;
  std::optional<double> ends_in(const job::Job& running, const Known& known) const;
  std::optional<double> ends_in(const View& view, const job::Job& pending,
                                std::optional<std::int64_t> position) const;
  std::optional<std::int64_t> position_of(const View& view, const job::Job& job) const;
  void count(const job::Job& job);

  store::Store& store_;
  const Clock& clock_;
  const Loop& loop_;
  const job::TurnRules rules_;
  const Rest rest_;

  mutable std::mutex mutex_;
  Known known_;
  Views views_;
  Milliseconds views_of_{0};  // when they were as they are here
  bool looking_ = false;      // somebody does
  std::condition_variable looked_;
  Milliseconds next_look_{0};
  std::atomic<bool> outdated_ = true;
};

}  // namespace llmspool::spool
