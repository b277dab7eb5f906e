// SPDX-License-Identifier: MIT
#include "store/sqlite/lines.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace llmspool::store::sqlite {
namespace {

using job::Head;
using Key = std::pair<std::string, std::string>;

constexpr std::size_t kKeptOfALine = 64;
constexpr std::size_t kFirstOfLinesMax = 20'000;  // of all lines together, beyond one each

// The index gives the next line at once, however many jobs the one before has.
std::optional<Key> line_after(Database& database, const std::string& backend, const Key& key,
                              bool inclusive) {
  Query row = database.query(
      inclusive ? "SELECT owner, model FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 AND "
                  "backend = ? AND (owner, model) >= (?, ?) ORDER BY owner, model LIMIT 1"
                : "SELECT owner, model FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 AND "
                  "backend = ? AND (owner, model) > (?, ?) ORDER BY owner, model LIMIT 1",
      backend, std::string_view(key.first), std::string_view(key.second));
  if (!row.next()) return std::nullopt;
  return Key{row.text(0), row.text(1)};
}

std::vector<Key> keys_of(Database& database, const std::string& backend) {
  std::vector<Key> keys;
  for (auto key = line_after(database, backend, {}, true); key;
       key = line_after(database, backend, *key, false))
    keys.push_back(*key);
  return keys;
}

std::deque<Head> read_line(Database& database, const std::string& backend, const Key& key,
                           std::size_t limit) {
  std::deque<Head> line;
  Query row = database.query(
      "SELECT id, priority, queued, pipeline FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 "
      "AND backend = ? AND owner = ? AND model = ? ORDER BY rank, id LIMIT ?",
      backend, key.first, key.second, limit);
  while (row.next())
    line.push_back({.owner = key.first,
                    .model = key.second,
                    .id = row.number(0),
                    .priority = static_cast<int>(row.number(1)),
                    .queued_at = row.time(2),
                    .pipeline = std::string(row.text(3))});
  return line;
}

}  // namespace

std::vector<std::string> awaited_backends(Database& database) {
  std::vector<std::string> backends;
  for (;;) {
    Query row = database.query(
        "SELECT backend FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 AND backend > ? "
        "ORDER BY backend LIMIT 1",
        backends.empty() ? std::string_view() : std::string_view(backends.back()));
    if (!row.next()) return backends;
    backends.emplace_back(row.text(0));
  }
}

FirstOfLines first_of_lines(Database& database, const std::string& backend, std::size_t per_line) {
  const auto keys = keys_of(database, backend);
  const auto share = kFirstOfLinesMax / std::max<std::size_t>(keys.size(), 1);
  FirstOfLines first{.per_line = std::clamp<std::size_t>(share, 1, per_line)};
  for (const Key& key : keys) {
    auto line = read_line(database, backend, key, first.per_line);
    std::ranges::move(line, std::back_inserter(first.heads));
  }
  return first;
}

std::optional<Head> last_of_lines(Database& database, const std::string& backend) {
  std::optional<Head> last;
  std::int64_t last_rank = 0;
  for (const Key& key : keys_of(database, backend)) {
    Query row = database.query(
        "SELECT id, priority, queued, rank FROM jobs INDEXED BY jobs_lines WHERE claimable = 1 AND "
        "backend = ? AND owner = ? AND model = ? ORDER BY rank DESC, id DESC LIMIT 1",
        backend, key.first, key.second);
    if (!row.next() || (last && row.number(3) <= last_rank)) continue;
    last_rank = row.number(3);
    last = {.owner = key.first,
            .model = key.second,
            .id = row.number(0),
            .priority = static_cast<int>(row.number(1)),
            .queued_at = row.time(2)};
  }
  return last;
}

std::optional<Head> Lines::next(Database& database, const std::string& name,
                                const job::Models& models, Time now) {
  Backend& backend = backends_[name];
  if (!backend.found) {
    for (Key& key : keys_of(database, name)) backend.lines.try_emplace(std::move(key));
    backend.found = true;
  }
  std::vector<Head> heads;
  for (auto at = backend.lines.begin(); at != backend.lines.end();) {
    auto& [key, line] = *at;
    if (line.empty()) line = read_line(database, name, key, kKeptOfALine);
    if (line.empty()) {
      at = backend.lines.erase(at);
    } else {
      heads.push_back(line.front());
      ++at;
    }
  }
  const Head* chosen = backend.turns.next(heads, models, rules_, now);
  return chosen != nullptr ? std::optional(*chosen) : std::nullopt;
}

void Lines::take(const std::string& name, const Head& head, Time now) {
  Backend& backend = backends_[name];
  backend.turns.take(head, now);
  backend.lines[{head.owner, head.model}].pop_front();
}

void Lines::joined(const job::Job& job) {
  const auto backend = backends_.find(job.backend);
  if (backend == backends_.end()) return;
  Line& line = backend->second.lines[{job.owner, job.model}];
  if (line.empty()) return;
  const Head& last = line.back();
  const auto place = std::tuple(job::rank(job.queued_at, job.priority, rules_), job.id);
  // Behind those that are in memory it is found when they are gone.
  if (place < std::tuple(job::rank(last.queued_at, last.priority, rules_), last.id)) line.clear();
}

void Lines::lose(const std::string& name, const Key& key) {
  const auto backend = backends_.find(name);
  if (backend != backends_.end()) backend->second.lines[key].clear();
}

}  // namespace llmspool::store::sqlite
