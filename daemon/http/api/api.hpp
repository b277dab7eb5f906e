// SPDX-License-Identifier: MIT
// The native API: its routes, in groups, and what their handlers work with.
#pragma once

#include <chrono>

#include "http/async.hpp"
#include "http/router.hpp"
#include "http/settings.hpp"

namespace llmspool::http {

// Outlives the router. Any thread.
struct Services {
  spool::Spool& spool;
  asio::thread_pool& blocking;
  const Settings& settings;
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  // What may block for the disk or takes long: `work`, which gives a Result, off the event loop.
  template <class Work>
  asio::awaitable<std::invoke_result_t<Work&>> read(Work work) const {
    return offloaded(blocking, std::move(work));
  }
};

// The job of /api/jobs/{id}, if the caller may see it.
asio::awaitable<Result<job::Job>> visible_job(const Services& services, const Request& request);

// A call that says all by its address; an empty object is as good as no body.
Result<void> check_bare(const Request& request);

// A route whose answer is made with the services.
using Endpoint = asio::awaitable<Result<Response>> (*)(const Services&, const Request&);
void add_route(Router& router, const Services& services, std::string method,
               std::string_view pattern, Endpoint endpoint);

// How many jobs are in each state.
boost::json::object counts_json(const store::Counts& counts);

// The job object, with what is expected of the job now.
boost::json::object job_json(const Services& services, const job::Job& job);
// Its text; made off the event loop where it may be long.
asio::awaitable<Result<std::string>> job_text(const Services& services, const job::Job& job);

// What a file can be shown as (markdown, json, text); empty: only downloaded.
std::string_view preview_type(const std::string& media_type);

void add_submit_routes(Router& router, const Services& services);
void add_bulk_routes(Router& router, const Services& services);
void add_job_routes(Router& router, const Services& services);
void add_file_routes(Router& router, const Services& services);
void add_event_routes(Router& router, const Services& services);
void add_websocket_routes(Router& router, const Services& services);
void add_group_routes(Router& router, const Services& services);
void add_queue_routes(Router& router, const Services& services);
void add_admin_routes(Router& router, const Services& services);
void add_catalog_routes(Router& router, const Services& services);
void add_health_routes(Router& router, const Services& services);

void add_api(Router& router, const Services& services);  // all of them

}  // namespace llmspool::http
