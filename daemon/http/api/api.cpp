// SPDX-License-Identifier: MIT
#include "http/api/api.hpp"

#include "http/api/arguments.hpp"

namespace llmspool::http {

asio::awaitable<Result<job::Job>> visible_job(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(id, job_id(request));
  std::function<Result<job::Job>()> work = [&services, &request, id] {
    return services.spool.get(request.caller, id);
  };
  co_return co_await services.read<job::Job>(std::move(work));
}

void add_api(Router& router, const Services& services) {
  add_submit_routes(router, services);
  add_job_routes(router, services);
  add_file_routes(router, services);
  add_event_routes(router, services);
  add_websocket_routes(router, services);
  add_catalog_routes(router, services);
  add_health_routes(router, services);
}

}  // namespace llmspool::http
