// SPDX-License-Identifier: MIT
#include "http/api/api.hpp"

#include "http/api/arguments.hpp"
#include "http/api/fields.hpp"

namespace llmspool::http {

asio::awaitable<Result<job::Job>> visible_job(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(id, job_id(request));
  auto work = [&services, &request, id] { return services.spool.get(request.caller, id); };
  co_return co_await services.read(std::move(work));
}

Result<void> check_bare(const Request& request) {
  if (request.body.empty()) return {};
  LLMSPOOL_TRY(body, parse_json_object(request.body));
  if (body.empty()) return {};
  return fail_field(std::string(body.begin()->key()), "there are no fields here.");
}

void add_route(Router& router, const Services& services, std::string method,
               std::string_view pattern, Endpoint endpoint) {
  router.add(std::move(method), pattern,
             [&services, endpoint](const Request& request) { return endpoint(services, request); });
}

boost::json::object counts_json(const store::Counts& counts) {
  return {{"held", counts.held},
          {"pending", counts.pending},
          {"processing", counts.processing},
          {"completed", counts.completed},
          {"failed", counts.failed},
          {"cancelled", counts.cancelled}};
}

boost::json::object job_json(const Services& services, const job::Job& job) {
  return job::to_json(job, services.spool.outlook(job));
}

asio::awaitable<Result<std::string>> job_text(const Services& services, const job::Job& job) {
  auto work = [&]() -> Result<std::string> {
    return job::json_text(job, services.spool.outlook(job));
  };
  const bool may_be_long = job.output || !job.hoisted.empty();
  if (!may_be_long) co_return work();
  co_return co_await services.read(std::move(work));
}

void add_api(Router& router, const Services& services) {
  add_submit_routes(router, services);
  add_bulk_routes(router, services);
  add_job_routes(router, services);
  add_file_routes(router, services);
  add_event_routes(router, services);
  add_websocket_routes(router, services);
  add_group_routes(router, services);
  add_queue_routes(router, services);
  add_admin_routes(router, services);
  add_catalog_routes(router, services);
  add_health_routes(router, services);
}

}  // namespace llmspool::http
