// SPDX-License-Identifier: MIT
#include "spool/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>
#include <ranges>
#include <set>

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

// The jobs in the order in which it will be their turn, as the store will see it, but for a model
// that is loaded.
std::vector<job::Head> in_turn(std::vector<job::Head> waiting, std::size_t per_line,
                               job::Turns turns, const job::TurnRules& rules, Time now) {
  std::map<std::pair<std::string, std::string>, std::deque<job::Head>> lines;
  for (job::Head& head : waiting) lines[{head.owner, head.model}].push_back(std::move(head));
  std::set<std::pair<std::string, std::string>> cut;  // have more than was read
  for (const auto& [key, line] : lines)
    if (line.size() >= per_line) cut.insert(key);
  const std::size_t most =
      std::clamp<std::size_t>(kEffortMax / std::max<std::size_t>(lines.size(), 1), 1, kPlacesMax);
  std::vector<job::Head> ordered;
  while (!lines.empty() && ordered.size() < most) {
    std::vector<job::Head> firsts;
    firsts.reserve(lines.size());
    for (const auto& [key, line] : lines) firsts.push_back(line.front());
    const job::Head next = *turns.next(firsts, {}, rules, now);
    turns.take(next, now);
    const auto line = lines.find({next.owner, next.model});
    line->second.pop_front();
    ordered.push_back(next);
    if (!line->second.empty()) continue;
    if (cut.contains(line->first)) break;  // behind its last, its others would be missing
    lines.erase(line);
  }
  return ordered;
}

}  // namespace

Forecast::Forecast(store::Store& store, const Clock& clock, const Loop& loop,
                   std::vector<Server> servers, job::TurnRules rules, Rest rest)
    : store_(store), clock_(clock), loop_(loop), rules_(rules), rest_(std::move(rest)) {
  known_.servers = std::move(servers);
}

void Forecast::add(Server server) {
  const std::scoped_lock lock(mutex_);
  known_.servers.push_back(std::move(server));
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
  if (job.status == Status::processing) {
    const bool begins = known_.begun.try_emplace(job.id, loop_.uptime()).second;
    if (begins) known_.turns[job.backend].take({.owner = job.owner}, clock_.now());
  } else if (const auto begun = known_.begun.extract(job.id)) {
    known_.history.learn(job, loop_.uptime() - begun.mapped());
  }
}

void Forecast::refresh() {
  std::unique_lock lock(mutex_);
  // Who asks after a change is to see it: a look that is under way may have begun before.
  looked_.wait(lock, [this] { return !looking_; });
  const Milliseconds now = loop_.uptime();
  if (now < (outdated_ ? next_look_ : views_of_ + kFreshFor)) return;
  looking_ = true;
  outdated_ = false;
  const Known known = known_;
  lock.unlock();

  const auto began = std::chrono::steady_clock::now();
  auto views = look_at_all(known);
  const auto took = std::chrono::steady_clock::now() - began;

  lock.lock();
  looking_ = false;
  looked_.notify_all();
  next_look_ = loop_.uptime();
  if (took > kQuick) next_look_ += kShareOfLooking * std::chrono::ceil<Milliseconds>(took);
  if (!views) return;
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
  // When each of the backend's slots will take a job.
  std::priority_queue<double, std::vector<double>, std::greater<>> free_in;
  for (const Job& job : running) {
    if (job.backend == server.backend)
      free_in.push(std::max(ends_in(job, known).value_or(0), rest));
  }
  while (std::cmp_less(free_in.size(), server.concurrency)) free_in.push(rest);

  View view{.waiting = queue.waiting};
  const auto usual = known.history.expected(server.backend);
  const auto turns = known.turns.find(server.backend);
  for (const job::Head& head :
       in_turn(queue.first, queue.per_line,
               turns == known.turns.end() ? job::Turns() : turns->second, rules_, clock_.now())) {
    const auto before = static_cast<std::int64_t>(view.places.size());
    double begins_in = free_in.top();
    if (server.requests_per_minute > 0) {  // at the earliest, each with one request
      const std::chrono::minutes others(before / server.requests_per_minute);
      begins_in = std::max(begins_in, rest + seconds_of(others));
    }
    free_in.pop();
    const auto takes = known.history.expected(server.backend, head.model, head.pipeline);
    free_in.push(begins_in + takes.value_or(usual.value_or(0)));
    Place place{.position = before + 1, .begins_in = begins_in, .owner = head.owner};
    if (takes) place.ends_in = begins_in + *takes;
    view.places.emplace(head.id, std::move(place));
    view.last_place_rank = job::rank(head.queued_at, head.priority, rules_);
  }
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
  const auto told = static_cast<std::int64_t>(view.places.size());
  const std::int64_t rest = view.waiting - told;
  const Time now = clock_.now();
  const bool waits_for_more =
      !job.after.empty() || job::earliest_start(job, now).value_or(now) > now;
  if (rest <= 0 || waits_for_more) return std::nullopt;
  // Between the last that is told exactly and the last of all.
  const double span = static_cast<double>(view.last_rank - view.last_place_rank);
  const double from_first =
      static_cast<double>(job::rank(job.queued_at, job.priority, rules_) - view.last_place_rank);
  const double share = span > 0 ? std::clamp(from_first / span, 0.0, 1.0) : 1.0;
  return told +
         std::max<std::int64_t>(static_cast<std::int64_t>(share * static_cast<double>(rest)), 1);
}

std::optional<double> Forecast::ends_in(const View& view, const Job& pending,
                                        std::optional<std::int64_t> position) const {
  if (const auto place = view.places.find(pending.id); place != view.places.end()) {
    const std::optional<double>& then = place->second.ends_in;
    if (!then) return std::nullopt;
    return *then - seconds_of(loop_.uptime() - views_of_);
  }
  const auto usual = known_.history.expected(pending);
  if (!usual) return std::nullopt;
  const double rest = seconds_of(rest_(pending.backend).value_or(Milliseconds(0)));
  if (position) {
    const auto server = std::ranges::find(known_.servers, pending.backend, &Server::backend);
    return rest + *usual * (1 + static_cast<double>(*position) / server->concurrency);
  }
  const auto start = job::earliest_start(pending, clock_.now());
  if (!start || !pending.after.empty()) return std::nullopt;
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
      if (!owner || place.owner == *owner) places.emplace_back(place.begins_in, place.position, id);
  std::ranges::sort(places);
  std::vector<job::JobId> ids;
  ids.reserve(places.size());
  for (const auto& place : places) ids.push_back(std::get<2>(place));
  return ids;
}

}  // namespace llmspool::spool
