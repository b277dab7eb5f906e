// SPDX-License-Identifier: MIT
// Between values and the rows that hold them.
#pragma once

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace llmspool::store::sqlite {

// The columns that read_job() expects, in order.
inline constexpr std::string_view kJobColumns =
    "id, status, owner, pipeline, backend, model, priority, seq, body, output, queued, claimable";
inline constexpr int kBodyColumn = 8, kOutputColumn = 9;
job::Job read_job(const Database& database, const Query& row);
// In a list one damaged job does not keep the others from being shown: it is given with what has a
// column of its own, and its message says that it is damaged.
job::Job read_listed_job(const Database& database, const Query& row);
// What of a job has no column of its own.
std::string job_body(const job::Job& job);
std::optional<job::Job> find_job(Database& database, job::JobId id);
inline std::unexpected<Error> no_such_job(job::JobId id) {
  return fail(Code::not_found, "There is no job " + std::to_string(id) + ".");
}

std::string request_body(const job::Request& request);
job::Request read_request(const Database& database, std::string_view body);

// What was stored as text; throws DatabaseError if it is no such thing.
boost::json::array read_array(const Database& database, std::string_view text);
boost::json::object read_object(const Database& database, std::string_view text);

}  // namespace llmspool::store::sqlite
