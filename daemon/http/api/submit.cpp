// SPDX-License-Identifier: MIT
// POST /api/jobs: a job from JSON or from a form, answered when it is durable or, with ?wait=, when
// it has ended.
#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "http/api/following.hpp"
#include "http/api/idempotency.hpp"
#include "http/api/submit_body.hpp"

namespace llmspool::http {
namespace {

constexpr std::size_t kLargeBytes = std::size_t{64} * 1024;  // takes too long for the event loop

Result<spool::Submission> submission_of(const Request& request) {
  const std::string* type_header = request.headers.find("Content-Type");
  ParameterizedValue type;
  const bool form =
      type_header && parse_parameterized(*type_header, type) && type.value == "multipart/form-data";
  LLMSPOOL_TRY(key, idempotency_key(request.headers));
  Result<spool::Submission> submission;
  std::string print;
  if (form) {
    LLMSPOOL_TRY(boundary, boundary_of(*type_header));
    LLMSPOOL_TRY(parts, parse_multipart(request.body, boundary));
    LLMSPOOL_TRY(fields, form_fields(parts));
    if (!key.empty()) print = fingerprint(fields);
    submission = submission_from_form(std::move(fields));
  } else {
    LLMSPOOL_TRY(body, submission_body(request.body));
    submission = submission_from_json(body);
    if (!key.empty()) print = fingerprint(boost::json::value(std::move(body)));
  }
  if (submission) {
    submission->idempotency_key = std::move(key);
    submission->fingerprint = std::move(print);
  }
  return submission;
}

// Reads the request and hands in its job.
void submit_to(spool::Spool& spool, const Request& request, Callback<store::Submitted> done) {
  auto submission = submission_of(request);
  if (!submission) return done(std::unexpected(std::move(submission).error()));
  spool.submit(request.caller, *std::move(submission), std::move(done));
}

asio::awaitable<Result<Response>> submit(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {"wait"}));
  LLMSPOOL_CO_TRY(wait, wait_argument(request));
  const auto deadline = std::chrono::steady_clock::now() + wait;
  std::function<void(Callback<store::Submitted>)> start = [&](Callback<store::Submitted> done) {
    submit_to(services.spool, request, std::move(done));
  };
  if (request.body.size() > kLargeBytes) start = started_on(services.blocking, std::move(start));
  LLMSPOOL_CO_TRY(submitted, co_await called_back<store::Submitted>(std::move(start)));
  const job::Job& job = submitted.applied.job;
  auto shown = wait.count() > 0 ? text_when_ended(services, request, job.id, deadline)
                                : job_text(services, job);
  LLMSPOOL_CO_TRY(body, co_await std::move(shown));
  Response response = json_text_response(submitted.replayed ? 200 : 201, std::move(body));
  response.headers.add("Location", "/api/jobs/" + std::to_string(job.id));
  if (submitted.replayed) response.headers.add("Idempotency-Replayed", "true");
  co_return response;
}

}  // namespace

void add_submit_routes(Router& router, const Services& services) {
  add_route(router, services, "POST", "/api/jobs", submit);
}

}  // namespace llmspool::http
