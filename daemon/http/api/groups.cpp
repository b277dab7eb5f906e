// SPDX-License-Identifier: MIT
// Groups of jobs: how far they are, their end, their results.
#include <stdexcept>

#include "http/api/api.hpp"
#include "http/api/arguments.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

// Results are read a piece at a time: so many, or fewer where they have so many bytes.
constexpr std::size_t kResultsPerRead = 5;
constexpr std::size_t kPieceBytes = std::size_t{1024} * 1024;

json::object group_of(const store::Group& group) {
  const store::Counts& jobs = group.jobs;
  const std::int64_t ended = jobs.completed + jobs.failed + jobs.cancelled;
  const std::int64_t total = ended + jobs.held + jobs.pending + jobs.processing;
  return {{"group", group.name},
          {"owner", group.owner},
          {"created_at", format_time(group.created_at)},
          {"total", total},
          {"progress", total == 0 ? 0 : (100 * ended + group.running_percent) / total},
          {"jobs", counts_json(jobs)}};
}

// Whose group it is: the caller's, unless an admin names another.
Result<std::string> owner_of(const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {"owner"}));
  LLMSPOOL_TRY(owner, argument(request, "owner"));
  return owner.value_or(request.caller.owner);
}

asio::awaitable<Result<Response>> list(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {"owner", "limit"}));
  LLMSPOOL_CO_TRY(owner, argument(request, "owner"));
  LLMSPOOL_CO_TRY(limit, integer_argument(request, "limit", 50, 1, limits::kListMax));
  auto work = [&services, &request, owner = owner, limit = limit] {
    return services.spool.groups(request.caller, owner, static_cast<std::size_t>(limit));
  };
  LLMSPOOL_CO_TRY(groups, co_await services.read(std::move(work)));
  json::array all;
  for (const store::Group& group : groups) all.push_back(group_of(group));
  co_return json_response(200, json::object{{"groups", std::move(all)}});
}

asio::awaitable<Result<store::Group>> read(const Services& services, const Request& request,
                                           std::string owner) {
  auto work = [&services, &request, owner = std::move(owner)] {
    return services.spool.group(request.caller, owner, request.parameter("name"));
  };
  co_return co_await services.read(std::move(work));
}

asio::awaitable<Result<Response>> show(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(owner, owner_of(request));
  LLMSPOOL_CO_TRY(group, co_await read(services, request, owner));
  co_return json_response(200, group_of(group));
}

asio::awaitable<Result<Response>> cancel(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(owner, owner_of(request));
  LLMSPOOL_CO_CHECK(check_bare(request));
  std::function<void(Callback<void>)> start = [&](Callback<void> done) {
    services.spool.cancel_group(request.caller, owner, request.parameter("name"), std::move(done));
  };
  const Result<void> cancelled = co_await called_back<void>(std::move(start));
  if (!cancelled) co_return std::unexpected(cancelled.error());
  LLMSPOOL_CO_TRY(group, co_await read(services, request, owner));
  co_return json_response(200, group_of(group));
}

// The job object with the files that can be shown as text.
Result<json::object> result_of(const Services& services, const spool::Caller& caller,
                               const job::Job& job) {
  json::object result = job_json(services, job);
  json::array files;
  if (!job.pipeline.empty()) {
    LLMSPOOL_TRY(infos, services.spool.files(caller, job.id));
    for (const store::FileInfo& info : infos) {
      LLMSPOOL_TRY(file, services.spool.file(caller, job.id, info.name));
      const bool is_text = !preview_type(info.media_type).empty();
      files.push_back(
          json::object{{"filename", info.name},
                       {"type", info.role},
                       {"media_type", info.media_type},
                       {"content", is_text ? json::value(file.content) : json::value(nullptr)}});
    }
  }
  result["files"] = std::move(files);
  return result;
}

// Some results after the job `last`, which is moved on; nothing: there are no more.
Result<std::optional<std::string>> results_after(const Services& services, const Request& request,
                                                 const std::string& owner, job::JobId& last) {
  LLMSPOOL_TRY(jobs, services.spool.list(request.caller, {.owner = owner,
                                                          .group = request.parameter("name"),
                                                          .limit = kResultsPerRead,
                                                          .bytes_max = kPieceBytes,
                                                          .after = last}));
  if (jobs.empty()) return std::nullopt;
  std::string lines;
  for (const job::Job& job : jobs) {
    if (lines.size() >= kPieceBytes) break;
    last = job.id;
    auto result = result_of(services, request.caller, job);
    if (!result && result.error().code == Code::not_found) continue;  // it was deleted just now
    if (!result) return std::unexpected(result.error());
    lines += json::serialize(*result) + "\n";
  }
  return lines;
}

asio::awaitable<void> write_results(const Services& services, const Request& request,
                                    std::string owner, BodyWriter& body) {
  job::JobId last = 0;
  for (;;) {
    using Lines = std::optional<std::string>;
    auto work = [&] { return results_after(services, request, owner, last); };
    auto lines = co_await services.read(std::move(work));
    // Some results must not look like all of them: the body is left without its end.
    if (!lines) throw std::runtime_error(lines.error().message);
    Lines& text = *lines;
    if (!text) co_return;
    const bool taken = co_await body.write(*std::move(text));
    if (!taken) co_return;
  }
}

asio::awaitable<Result<Response>> results(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(owner, owner_of(request));
  LLMSPOOL_CO_CHECK(co_await read(services, request, owner));
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.stream = [&services, &request, owner](BodyWriter& body) {
    return write_results(services, request, owner, body);
  };
  co_return response;
}

}  // namespace

void add_group_routes(Router& router, const Services& services) {
  const auto add = [&](std::string method, std::string_view pattern, Endpoint endpoint) {
    add_route(router, services, std::move(method), pattern, endpoint);
  };
  add("GET", "/api/groups", list);
  add("GET", "/api/groups/{name}", show);
  add("POST", "/api/groups/{name}/cancel", cancel);
  add("GET", "/api/groups/{name}/results", results);
}

}  // namespace llmspool::http
