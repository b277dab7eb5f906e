// SPDX-License-Identifier: MIT
// Is the daemon well: for people, for load balancers; and the description of the API itself.
#include "http/api/arguments.hpp"
#include "http/api/catalog.hpp"
#include "http/api/openapi.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

asio::awaitable<Result<Response>> health(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  auto work = [&services]() -> Result<json::object> {
    LLMSPOOL_TRY(counts, services.spool.counts());
    json::object backends;
    for (const auto& state : services.spool.backends()) {
      const auto backend = services.spool.plugins().backend(state.id);
      backends[state.id] = backend && availability_of(*backend, state).reason.empty();
    }
    const auto takes = services.spool.takes_jobs();
    const auto up = std::chrono::steady_clock::now() - services.started;
    return json::object{
        {"status", takes ? "ok" : "not_ready"},
        {"reason", takes ? json::value(nullptr) : json::value(takes.error().message)},
        {"paused", services.spool.paused()},
        {"version", services.settings.version},
        {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(up).count()},
        {"backends", std::move(backends)},
        {"jobs", counts_json(counts)}};
  };
  LLMSPOOL_CO_TRY(body, co_await services.read(std::move(work)));
  co_return json_response(200, body);
}

Response plain(std::string text) {
  Response response;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(text);
  return response;
}

}  // namespace

void add_health_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/health", health);
  router.add_plain("GET", "/healthz", [](const Request&) { return plain("ok\n"); });
  router.add_plain("GET", "/readyz", [&services](const Request&) -> Result<Response> {
    if (services.spool.ready()) return plain("ready\n");
    return fail(Code::unavailable,
                "llmspoold takes no new jobs: it is starting or stopping, or an administrator has "
                "said so.");
  });
  router.add_plain("GET", "/api/openapi.json", [](const Request& request) -> Result<Response> {
    LLMSPOOL_CHECK(check_query(request, {}));
    return json_text_response(200, std::string(kOpenApi));
  });
}

}  // namespace llmspool::http
