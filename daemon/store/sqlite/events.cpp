// SPDX-License-Identifier: MIT
#include "store/sqlite/events.hpp"

#include "store/sqlite/rows.hpp"

namespace llmspool::store::sqlite {

void write_events(Database& database, const std::vector<job::Event>& events) {
  for (const job::Event& event : events) {
    database.run("INSERT INTO events(job_id, seq, at, type, data) VALUES (?, ?, ?, ?, ?)",
                 event.job_id, event.seq, event.at, event.type, boost::json::serialize(event.data));
  }
}

std::vector<job::Event> events_of(Database& database, job::JobId id, job::Seq after,
                                  std::size_t limit) {
  std::vector<job::Event> events;
  Query row = database.query(
      "SELECT seq, at, type, data FROM events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?",
      id, after, limit);
  while (row.next()) {
    events.push_back({id, row.number(0), row.time(1), std::string(row.text(2)),
                      read_object(database, row.text(3))});
  }
  return events;
}

}  // namespace llmspool::store::sqlite
