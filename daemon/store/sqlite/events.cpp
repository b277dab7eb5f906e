// SPDX-License-Identifier: MIT
#include "store/sqlite/events.hpp"

#include <span>

#include "base/limits.hpp"
#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {
namespace {

namespace json = boost::json;
using job::Event;

std::string body_of(std::span<const Event> events) {
  std::string body = "[";
  for (const Event& event : events) {
    if (body.size() > 1) body += ',';
    body += '[' + std::to_string(event.at.time_since_epoch().count()) + ",\"" + event.type + "\"," +
            json::serialize(event.data) + ']';
  }
  return body + ']';
}

// The events of a row, of which the last has the number `last`.
std::vector<Event> read_row(const Database& database, job::JobId id, job::Seq last,
                            std::string_view body) {
  const json::array rows = read_array(database, body);
  std::vector<Event> events;
  job::Seq seq = last - static_cast<job::Seq>(rows.size());
  for (const json::value& row : rows) {
    const json::array& parts = row.as_array();
    events.push_back({id, ++seq, Time(Milliseconds(parts.at(0).as_int64())),
                      std::string(parts.at(1).as_string()), parts.at(2).as_object()});
  }
  return events;
}

// A row's events without what was written; none of a row that cannot be read.
std::string without_texts(const Database& database, job::JobId id, const Query& row) {
  std::vector<Event> events;
  try {
    events = read_row(database, id, row.number(0), row.text(1));
  } catch (const std::exception&) {
    return body_of({});
  }
  for (Event& event : events) {
    if (event.type == "delta") event.data["text"] = "";
  }
  return body_of(events);
}

}  // namespace

void write_events(Database& database, const std::vector<Event>& events) {
  std::span<const Event> rest(events);
  if (!rest.empty() && rest.front().seq == 1) rest = rest.subspan(1);
  if (rest.empty()) return;
  database.run("INSERT INTO events(job_id, seq, body) VALUES (?, ?, ?)", rest.back().job_id,
               rest.back().seq, body_of(rest));
}

std::vector<Event> events_of(Database& database, const job::Job& job, job::Seq after,
                             std::size_t limit) {
  std::vector<Event> events;
  if (after < 1 && limit > 0) events.push_back({job.id, 1, job.created_at, "created", {}});
  Query row = database.query(
      "SELECT seq, body FROM events WHERE job_id = ? AND seq > ? ORDER BY seq", job.id, after);
  std::size_t bytes = 0;
  while (events.size() < limit && bytes < limits::kEventBytesPerRead && row.next()) {
    bytes += row.text(1).size();
    for (Event& event : read_row(database, job.id, row.number(0), row.text(1))) {
      if (event.seq > after && events.size() < limit) events.push_back(std::move(event));
    }
  }
  return events;
}

void remove_texts(Database& database, job::JobId id) {
  std::vector<std::pair<job::Seq, std::string>> emptied;
  {
    Query row = database.query("SELECT seq, body FROM events WHERE job_id = ?", id);
    while (row.next()) {
      emptied.emplace_back(row.number(0), without_texts(database, id, row));
    }
  }
  for (const auto& [seq, body] : emptied)
    database.run("UPDATE events SET body = ? WHERE job_id = ? AND seq = ?", body, id, seq);
}

}  // namespace llmspool::store::sqlite
