// SPDX-License-Identifier: MIT
#include "spool/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <map>
#include <ranges>
#include <set>

#include "spool/full_models.hpp"

namespace llmspool::spool {
namespace {

using job::Job;
using job::Status;

constexpr Milliseconds kFreshFor{1000};  // while no job changes its state
constexpr Milliseconds kQuick{5};        // a look that takes no longer is taken whenever asked
constexpr int kShareOfLooking = 20;      // one that does, in one part of so many of the time
constexpr std::size_t kPlacesPerLine = 1000;
constexpr std::size_t kPlacesMax = 2000;
constexpr std::size_t kEffortMax = 200'000;  // places times lines
constexpr std::size_t kRunningMax = 500;
constexpr std::size_t kRecalled = 200;

double seconds_of(Milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

// The lines in which the jobs of a backend wait, as far as they have been read.
class Lines {
 public:
  explicit Lines(const store::Queue& queue) {
    for (const job::Head& head : queue.first) lines_[{head.owner, head.model}].push_back(head);
    for (const auto& [key, line] : lines_)
      if (line.size() >= queue.per_line) cut_.insert(key);
    most_ = std::clamp<std::size_t>(kEffortMax / std::max<std::size_t>(lines_.size(), 1), 1,
                                    kPlacesMax);
  }

  // Or no more can be told.
  bool all_taken() const { return lines_.empty() || taken_ == most_; }

  // The job whose turn it will be, and no longer waits then; nothing: it is nobody's.
  std::optional<job::Head> take(job::Turns& turns, const job::Models& models,
                                const job::TurnRules& rules, Time now) {
    std::vector<job::Head> firsts;
    firsts.reserve(lines_.size());
    for (const auto& [key, line] : lines_) firsts.push_back(line.front());
    const job::Head* chosen = turns.next(firsts, models, rules, now);
    if (chosen == nullptr) return std::nullopt;
    job::Head next = *chosen;
    turns.take(next, now);
    const auto line = lines_.find({next.owner, next.model});
    line->second.pop_front();
    ++taken_;
    if (line->second.empty()) {
      if (cut_.contains(line->first)) most_ = taken_;  // its others would be missing
      lines_.erase(line);
    }
    return next;
  }

 private:
  using Key = std::pair<std::string, std::string>;  // owner, model
  std::map<Key, std::deque<job::Head>> lines_;
  std::set<Key> cut_;  // have more than was read
  std::size_t most_ = 0, taken_ = 0;
};

// The slots of a backend that are taken, by when each will be free again.
class Busy {
 public:
  explicit Busy(const Forecast::Server& server) : server_(server) {}

  void take(const std::string& asked, double until) {
    ends_.emplace(until, asked);
    ++running_[asked];
  }

  // When a slot is free, `earliest` or later.
  double free_in(double earliest) const {
    const auto beyond = std::ssize(ends_) - server_.concurrency;
    return beyond < 0 ? earliest : std::max(earliest, std::next(ends_.begin(), beyond)->first);
  }

  // What has ended by then no longer runs.
  void pass_to(double time) {
    while (!ends_.empty() && ends_.begin()->first <= time) {
      --running_[ends_.begin()->second];
      ends_.erase(ends_.begin());
    }
  }

  double next_end() const { return ends_.begin()->first; }

  // How many jobs take one, by the model that they ask for.
  const std::map<std::string, int>& running() const { return running_; }

 private:
  const Forecast::Server& server_;
  std::multimap<double, std::string> ends_;  // with its model
  std::map<std::string, int> running_;
};

}  // namespace

int Forecast::Server::most(const std::string& asked) const {
  const auto own = model_concurrency.find(model_of(asked));
  return own == model_concurrency.end() ? concurrency : std::min(concurrency, own->second);
}

Forecast::Forecast(store::Store& store, const Clock& clock, const Loop& loop, job::TurnRules rules,
                   Rest rest)
    : store_(store), clock_(clock), loop_(loop), rules_(rules), rest_(std::move(rest)) {}

void Forecast::add(Server server) {
  const std::scoped_lock lock(mutex_);
  known_.servers.push_back(std::move(server));
}

void Forecast::tell_default_model(const std::string& backend, const std::string& model) {
  const std::scoped_lock lock(mutex_);
  for (Server& server : known_.servers)
    if (server.backend == backend) server.default_model = model;
}

void Forecast::recall() {
  const auto completed = store_.list({.statuses = {Status::completed}, .limit = kRecalled});
  if (!completed) return;
  const std::scoped_lock lock(mutex_);
  for (const Job& job : *completed | std::views::reverse)
    if (job.started_at && job.completed_at)
      known_.history.learn(job, *job.completed_at - *job.started_at);
}

void Forecast::on_change(const Job& job) {
  outdated_ = true;
  const std::scoped_lock lock(mutex_);
  count(job);
  if (job.status == Status::processing) {
    const bool begins = known_.begun.try_emplace(job.id, loop_.uptime()).second;
    if (begins) {
      known_.turns[job.backend].take({.owner = job.owner}, clock_.now());
      known_.last_model[job.backend] = job.model;
    }
  } else if (const auto begun = known_.begun.extract(job.id)) {
    known_.history.learn(job, loop_.uptime() - begun.mapped());
  }
}

// Keeps the view of its backend true for a while: a job has come to wait, or waits no longer.
void Forecast::count(const Job& job) {
  const auto found = views_.find(job.backend);
  if (found == views_.end()) return;
  View& view = found->second;
  if (job.status == Status::pending && waits_its_turn(job, clock_.now())) {
    view.enter(job.id, job::rank(job.queued_at, job.priority, rules_));
  } else {
    view.leave(job.id);
  }
}

void Forecast::View::enter(job::JobId id, std::int64_t rank) {
  if (ranking.size() >= kRankedMax && !ranking.contains(id)) return;
  ranking.put(id, rank);
  coming.insert_or_assign(id, rank);
}

void Forecast::View::leave(job::JobId id) {
  ranking.erase(id);
  coming.erase(id);
}

void Forecast::refresh() {
  std::unique_lock lock(mutex_);
  // Who asks after a change is to see it: a look that is under way may have begun before.
  looked_.wait(lock, [this] { return !looking_; });
  const Milliseconds now = loop_.uptime();
  if (now < (outdated_ ? next_look_ : views_of_ + kFreshFor)) return;
  looking_ = true;
  outdated_ = false;
  for (auto& [backend, view] : views_) view.coming.clear();
  const Known known = known_;
  lock.unlock();

  auto views = look_at_all(known);
  const Milliseconds took = loop_.uptime() - now;

  lock.lock();
  looking_ = false;
  looked_.notify_all();
  next_look_ = loop_.uptime();
  if (took > kQuick) next_look_ += kShareOfLooking * took;
  if (!views) return;
  for (auto& [backend, view] : *views) {
    for (const auto& [id, rank] : views_[backend].coming) view.enter(id, rank);
    view.coming.clear();
  }
  views_ = *std::move(views);
  views_of_ = now;
}

std::optional<Forecast::Views> Forecast::look_at_all(const Known& known) const {
  const auto running = store_.list({.statuses = {Status::processing}, .limit = kRunningMax});
  if (!running) return std::nullopt;  // the disk's trouble is told elsewhere
  Views views;
  for (const Server& server : known.servers) {
    const auto queue = store_.queue(server.backend, kPlacesPerLine);
    if (!queue) return std::nullopt;
    views[server.backend] = look(server, *queue, *running, known);
  }
  return views;
}

Forecast::View Forecast::look(const Server& server, const store::Queue& queue,
                              const std::vector<Job>& running, const Known& known) const {
  const double rest = seconds_of(rest_(server.backend).value_or(Milliseconds(0)));
  // When each of those that run will have left its slot.
  Busy busy(server);
  for (const Job& job : running) {
    if (job.backend == server.backend)
      busy.take(job.model, std::max(ends_in(job, known).value_or(0), rest));
  }

  View view{.waiting = queue.waiting, .looked_at = clock_.now()};
  const auto usual = known.history.expected(server.backend);
  const auto last_turns = known.turns.find(server.backend);
  job::Turns turns = last_turns == known.turns.end() ? job::Turns() : last_turns->second;
  job::Models models;
  if (const auto last = known.last_model.find(server.backend); last != known.last_model.end())
    job::add_spellings(models.loaded, last->second, server.default_model);
  const Time now = view.looked_at;
  // When the next to begin will do so, if none begins before `earliest`.
  const auto begins_next = [&](double earliest) {
    const double free_in = busy.free_in(earliest);
    if (server.requests_per_minute == 0) return free_in;
    // At the earliest, each with one request.
    const std::chrono::minutes others(std::ssize(view.begins) / server.requests_per_minute);
    return std::max(free_in, rest + seconds_of(others));
  };
  double begins_in = begins_next(rest);
  for (Lines lines(queue); !lines.all_taken();) {
    busy.pass_to(begins_in);
    models.full = full_models(server.model_concurrency, busy.running(), server.default_model);
    const auto then = now + Milliseconds(std::llround(begins_in * 1000));
    const auto next = lines.take(turns, models, rules_, then);
    if (!next) {  // all that are first are for models that are full
      begins_in = busy.next_end();
      continue;
    }
    models.loaded.clear();
    job::add_spellings(models.loaded, next->model, server.default_model);
    const auto takes = known.history.expected(server.backend, next->model, next->pipeline);
    busy.take(next->model, begins_in + takes.value_or(usual.value_or(0)));
    view.begins.push_back(begins_in);
    Place place{.position = std::ssize(view.begins), .owner = next->owner};
    if (takes) place.ends_in = begins_in + *takes;
    view.places.emplace(next->id, std::move(place));
    view.last_place_rank = job::rank(next->queued_at, next->priority, rules_);
    view.ranking.put(next->id, view.last_place_rank);
    begins_in = begins_next(begins_in);
  }
  view.next_begins = begins_in;
  view.last_rank = queue.last ? job::rank(queue.last->queued_at, queue.last->priority, rules_) : 0;
  return view;
}

std::optional<double> Forecast::ends_in(const Job& running, const Known& known) const {
  const auto begun = known.begun.find(running.id);
  if (begun == known.begun.end()) return std::nullopt;
  const double spent = seconds_of(loop_.uptime() - begun->second);
  const auto usual = known.history.expected(running);
  const double done = running.progress / 100.0;
  const double by_pace = done > 0 ? spent * (1 - done) / done : 0;
  if (!usual) return done >= 0.05 ? std::optional(by_pace) : std::nullopt;
  if (done == 0) return std::max(*usual - spent, 0.0);
  // The further it is, or should be, the more its own pace tells.
  const double weight = std::max(done, *usual > 0 ? std::min(spent / *usual, 1.0) : 1.0);
  return (1 - weight) * std::max(*usual - spent, 0.0) + weight * by_pace;
}

std::optional<std::int64_t> Forecast::position_of(const View& view, const Job& job) const {
  if (const auto known = view.places.find(job.id); known != view.places.end())
    return known->second.position;
  if (!waits_its_turn(job, clock_.now())) return std::nullopt;
  const auto told = std::ssize(view.begins);
  const std::int64_t rest = view.waiting - told;
  const std::int64_t rank = job::rank(job.queued_at, job.priority, rules_);
  const bool has_just_come = rank < view.last_place_rank && job.queued_at >= view.looked_at;
  if (rest <= 0 || has_just_come) return view.ranking.before(job.id, rank) + 1;
  // Between the last that is told exactly and the last of all.
  const auto span = static_cast<double>(view.last_rank - view.last_place_rank);
  const auto from_first = static_cast<double>(rank - view.last_place_rank);
  const double share = span > 0 ? std::clamp(from_first / span, 0.0, 1.0) : 1.0;
  return told +
         std::max<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(rest)), 1);
}

std::optional<double> Forecast::ends_in(const View& view, const Job& pending,
                                        std::optional<std::int64_t> position) const {
  const double since_look = seconds_of(loop_.uptime() - views_of_);
  if (const auto place = view.places.find(pending.id); place != view.places.end()) {
    const std::optional<double>& then = place->second.ends_in;
    if (!then) return std::nullopt;
    return *then - since_look;
  }
  const auto usual = known_.history.expected(pending);
  if (!usual) return std::nullopt;
  if (position) {
    const std::int64_t behind = *position - 1 - std::ssize(view.begins);
    if (behind < 0)
      return std::max(view.begins[static_cast<std::size_t>(*position - 1)] - since_look, 0.0) +
             *usual;
    const auto server = std::ranges::find(known_.servers, pending.backend, &Server::backend);
    const double others = *usual * static_cast<double>(behind) / server->most(pending.model);
    return std::max(view.next_begins + others - since_look, 0.0) + *usual;
  }
  const auto start = job::earliest_start(pending, clock_.now());
  if (!start || !pending.after.empty()) return std::nullopt;
  const double rest = seconds_of(rest_(pending.backend).value_or(Milliseconds(0)));
  return std::max(seconds_of(*start - clock_.now()), rest) + *usual;
}

job::Outlook Forecast::of(const Job& job) const {
  const std::scoped_lock lock(mutex_);
  job::Outlook outlook;
  std::optional<double> seconds;
  if (job.status == Status::processing) {
    seconds = ends_in(job, known_);
  } else if (const auto view = views_.find(job.backend);
             job.status == Status::pending && view != views_.end()) {
    outlook.queue_position = position_of(view->second, job);
    if (rest_(job.backend)) seconds = ends_in(view->second, job, outlook.queue_position);
  }
  if (seconds) outlook.eta_seconds = std::max<std::int64_t>(std::llround(*seconds), 0);
  return outlook;
}

std::int64_t Forecast::waiting(const std::string& backend) const {
  const std::scoped_lock lock(mutex_);
  const auto view = views_.find(backend);
  return view == views_.end() ? 0 : view->second.waiting;
}

std::optional<double> Forecast::mean_seconds(const std::string& backend) const {
  const std::scoped_lock lock(mutex_);
  return known_.history.expected(backend);
}

std::vector<job::JobId> Forecast::order(const std::optional<std::string>& owner) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::tuple<double, std::int64_t, job::JobId>> places;
  for (const auto& [backend, view] : views_)
    for (const auto& [id, place] : view.places)
      if (!owner || place.owner == *owner)
        places.emplace_back(view.begins[static_cast<std::size_t>(place.position - 1)],
                            place.position, id);
  std::ranges::sort(places);
  std::vector<job::JobId> ids;
  ids.reserve(places.size());
  for (const auto& place : places) ids.push_back(std::get<2>(place));
  return ids;
}

}  // namespace llmspool::spool
