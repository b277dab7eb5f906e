// SPDX-License-Identifier: MIT
// The queue as a whole: how it stands, and the switches that operators turn.
#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "job/or_null.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;
using job::number_or_null;
using job::text_or_null;
using job::time_or_null;
using spool::Switch;

json::object backend_of(const spool::QueueState::Backend& backend) {
  return {{"id", backend.id},
          {"paused", backend.paused},
          {"accepting", backend.accepting},
          {"running", backend.running},
          {"concurrency", backend.concurrency},
          {"waiting", backend.waiting},
          {"circuit", spool::to_string(backend.circuit)},
          {"circuit_until", time_or_null(backend.circuit_until)},
          {"resting_until", time_or_null(backend.resting_until)},
          {"reason", text_or_null(backend.stopped_reason)},
          {"mean_seconds", number_or_null(backend.mean_seconds)}};
}

Result<json::object> queue_of(const Services& services, const spool::Caller& caller,
                              std::size_t jobs_max) {
  LLMSPOOL_TRY(state, services.spool.queue());
  json::array backends, jobs;
  for (const auto& backend : state.backends) backends.push_back(backend_of(backend));
  if (jobs_max > 0) {
    LLMSPOOL_TRY(upcoming, services.spool.upcoming(caller, jobs_max));
    for (const job::Job& job : upcoming) jobs.push_back(job_json(services, job));
  }
  return json::object{{"paused", state.paused},
                      {"accepting", state.accepting},
                      {"reason", text_or_null(state.reason)},
                      {"running", state.jobs.processing},
                      {"waiting", state.jobs.pending},
                      {"held", state.jobs.held},
                      {"backends", std::move(backends)},
                      {"jobs", std::move(jobs)}};
}

asio::awaitable<Result<Response>> answer(const Services& services, const Request& request,
                                         std::size_t jobs_max) {
  auto work = [&services, &request, jobs_max] {
    return queue_of(services, request.caller, jobs_max);
  };
  LLMSPOOL_CO_TRY(body, co_await services.read(std::move(work)));
  co_return json_response(200, body);
}

asio::awaitable<Result<Response>> show(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {"jobs"}));
  LLMSPOOL_CO_TRY(jobs, integer_argument(request, "jobs", 0, 0, limits::kListMax));
  co_return co_await answer(services, request, static_cast<std::size_t>(jobs));
}

asio::awaitable<Result<Response>> turn(const Services& services, const Request& request,
                                       Switch what, bool on) {
  LLMSPOOL_CO_CHECK(check_query(request, {"backend"}));
  LLMSPOOL_CO_CHECK(check_bare(request));
  LLMSPOOL_CO_TRY(backend, argument(request, "backend"));
  if (backend && backend->empty())
    co_return fail(Code::invalid, "The parameter 'backend' is wrong: it must not be empty.");
  std::function<void(Callback<void>)> start = [&](Callback<void> done) {
    services.spool.set_switch(request.caller, what, backend.value_or(""), on, std::move(done));
  };
  const Result<void> turned = co_await called_back<void>(std::move(start));
  if (!turned) co_return std::unexpected(turned.error());
  co_return co_await answer(services, request, 0);
}

asio::awaitable<Result<Response>> stats(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  auto work = [&services]() -> Result<json::object> {
    LLMSPOOL_TRY(state, services.spool.queue());
    json::object means;
    for (const auto& backend : state.backends)
      means[backend.id] = json::object{{"running", backend.running},
                                       {"waiting", backend.waiting},
                                       {"mean_seconds", number_or_null(backend.mean_seconds)}};
    return json::object{{"jobs", counts_json(state.jobs)}, {"backends", std::move(means)}};
  };
  LLMSPOOL_CO_TRY(body, co_await services.read(std::move(work)));
  co_return json_response(200, body);
}

}  // namespace

void add_queue_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/queue", show);
  add_route(router, services, "GET", "/api/stats", stats);
  const auto add = [&](std::string_view pattern, Switch what, bool on) {
    router.add("POST", pattern, [&services, what, on](const Request& request) {
      return turn(services, request, what, on);
    });
  };
  add("/api/queue/pause", Switch::paused, true);
  add("/api/queue/resume", Switch::paused, false);
  add("/api/queue/reject", Switch::rejecting, true);
  add("/api/queue/accept", Switch::rejecting, false);
}

}  // namespace llmspool::http
