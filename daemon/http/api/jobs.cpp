// SPDX-License-Identifier: MIT
// Jobs: read, list, change, remove.
#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "http/api/fields.hpp"
#include "http/api/following.hpp"
#include "http/api/shared_fields.hpp"

namespace llmspool::http {
namespace {

constexpr std::size_t kPageBytes =
    std::size_t{8} * 1024 * 1024;  // no further job goes on a page then

asio::awaitable<Result<Response>> get_job(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {"wait"}));
  LLMSPOOL_CO_TRY(wait, wait_argument(request));
  const auto deadline = std::chrono::steady_clock::now() + wait;
  LLMSPOOL_CO_TRY(job, co_await visible_job(services, request));
  auto shown = wait.count() > 0 ? text_when_ended(services, request, job.id, deadline)
                                : job_text(services, job);
  LLMSPOOL_CO_TRY(text, co_await std::move(shown));
  co_return json_text_response(200, std::move(text));
}

std::unexpected<Error> wrong_filter(std::string name, std::string detail) {
  std::string message = "The parameter '" + name + "' is wrong: " + detail;
  return std::unexpected(
      Error{Code::invalid, std::move(message), {{std::move(name), std::move(detail)}}});
}

// A cursor is the id below which the next page begins, in a form that nobody takes for an id.
std::string cursor_at(job::JobId id) {
  return "before-" + std::to_string(id);
}

Result<std::optional<job::JobId>> parse_cursor(const Request& request) {
  LLMSPOOL_TRY(text, argument(request, "cursor"));
  if (!text) return std::nullopt;
  constexpr std::string_view kPrefix = "before-";
  const auto id =
      text->starts_with(kPrefix) ? job::parse_id(text->substr(kPrefix.size())) : std::nullopt;
  if (!id) return wrong_filter("cursor", "it must be a next_cursor of an earlier answer.");
  return id;
}

Result<void> read_statuses(std::string_view list, std::vector<job::Status>& statuses) {
  for (;;) {
    const std::string_view word = list.substr(0, list.find(','));
    const auto status = job::parse_status(word);
    if (!status) {
      return wrong_filter("status", "'" + std::string(word) +
                                        "' is none of held, pending, processing, completed, "
                                        "failed, cancelled.");
    }
    if (std::ranges::find(statuses, *status) == statuses.end()) statuses.push_back(*status);
    if (word.size() == list.size()) return {};
    list.remove_prefix(word.size() + 1);
  }
}

Result<store::Filter> filter_of(const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {"status", "pipeline", "backend", "model", "owner", "group",
                                       "label", "limit", "cursor"}));
  store::Filter filter;
  LLMSPOOL_TRY(limit, integer_argument(request, "limit", static_cast<std::int64_t>(filter.limit), 1,
                                       limits::kListMax));
  filter.limit = static_cast<std::size_t>(limit);
  LLMSPOOL_TRY(before, parse_cursor(request));
  filter.before = before;
  LLMSPOOL_TRY(pipeline, argument(request, "pipeline"));
  LLMSPOOL_TRY(backend, argument(request, "backend"));
  LLMSPOOL_TRY(model, argument(request, "model"));
  LLMSPOOL_TRY(owner, argument(request, "owner"));
  LLMSPOOL_TRY(group, argument(request, "group"));
  filter.pipeline = std::move(pipeline);
  filter.backend = std::move(backend);
  filter.model = std::move(model);
  filter.owner = std::move(owner);
  filter.group = std::move(group);
  for (const auto& [name, value] : request.target.query) {
    if (name == "status") LLMSPOOL_CHECK(read_statuses(value, filter.statuses));
    if (name != "label") continue;
    const auto colon = value.find(':');
    if (colon == std::string::npos || colon == 0) {
      return wrong_filter("label", "it must be NAME:VALUE, not '" + value + "'.");
    }
    if (filter.labels.size() == limits::kLabelsMax) {
      return wrong_filter("label", "a job has at most " + std::to_string(limits::kLabelsMax) +
                                       " labels, so that no more can be asked for.");
    }
    filter.labels.emplace_back(value.substr(0, colon), value.substr(colon + 1));
  }
  return filter;
}

Result<std::string> page_of(const Services& services, const spool::Caller& caller,
                            store::Filter filter) {
  const std::size_t limit = filter.limit;
  ++filter.limit;  // one more tells whether another page follows
  filter.bytes_max = kPageBytes;
  LLMSPOOL_TRY(jobs, services.spool.list(caller, filter));
  bool more = jobs.size() > limit;
  if (more) jobs.pop_back();
  std::string text = "{\"jobs\":[";
  for (const job::Job& job : jobs) {
    if (job.id != jobs.front().id) text += ',';
    text += job::json_text(job, services.spool.outlook(job));
  }
  // A job's text is longer than what is stored of it: where the list ended early, the page is long.
  if (!more && text.size() >= kPageBytes) {
    filter.before = jobs.back().id;
    filter.limit = 1;
    LLMSPOOL_TRY(next, services.spool.list(caller, filter));
    more = !next.empty();
  }
  return text + "],\"next_cursor\":" + (more ? '"' + cursor_at(jobs.back().id) + '"' : "null") +
         '}';
}

asio::awaitable<Result<Response>> list_jobs(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(filter, filter_of(request));
  auto work = [&] { return page_of(services, request.caller, filter); };
  LLMSPOOL_CO_TRY(page, co_await services.read(std::move(work)));
  co_return json_text_response(200, std::move(page));
}

Result<job::Change> change_of(const Request& request) {
  LLMSPOOL_TRY(body, parse_json_object(request.body));
  Fields fields(body);
  job::Change change;
  if (const auto priority = fields.integer("priority", 0, 100)) {
    change.priority = static_cast<int>(*priority);
  }
  if (fields.value("labels") != nullptr) read_labels(fields, change.labels.emplace());
  const auto not_before = fields.time("not_before");
  // Here null says something: the job need not wait any longer.
  if (body.contains("not_before")) change.not_before.emplace(not_before);
  if (fields.value("backend") != nullptr) read_backends(fields, change.backends.emplace());
  change.model = fields.text("model", limits::kLabelBytesMax);
  fields.refuse_others();
  LLMSPOOL_CHECK(fields.check());
  if (!change.priority && !change.labels && !change.not_before && !change.backends &&
      !change.model) {
    return fail(Code::invalid,
                "The body changes nothing: give priority, labels, not_before, backend or model.");
  }
  return change;
}

asio::awaitable<Result<Response>> command(const Services& services, const Request& request,
                                          job::Command what) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  LLMSPOOL_CO_TRY(id, job_id(request));
  std::function<void(Callback<job::Job>)> start = [&](Callback<job::Job> done) {
    services.spool.command(request.caller, id, std::move(what), std::move(done));
  };
  LLMSPOOL_CO_TRY(job, co_await called_back<job::Job>(std::move(start)));
  LLMSPOOL_CO_TRY(text, co_await job_text(services, job));
  co_return json_text_response(200, std::move(text));
}

asio::awaitable<Result<Response>> change_job(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(change, change_of(request));
  job::Command what = std::move(change);
  co_return co_await command(services, request, std::move(what));
}

template <class What>
asio::awaitable<Result<Response>> bare_command(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_bare(request));
  job::Command what = What{};
  co_return co_await command(services, request, std::move(what));
}

asio::awaitable<Result<Response>> remove_job(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  LLMSPOOL_CO_CHECK(check_bare(request));
  LLMSPOOL_CO_TRY(id, job_id(request));
  std::function<void(Callback<void>)> start = [&](Callback<void> done) {
    services.spool.remove(request.caller, id, std::move(done));
  };
  const Result<void> removed = co_await called_back<void>(std::move(start));
  if (!removed) co_return std::unexpected(removed.error());
  co_return Response(204);
}

}  // namespace

void add_job_routes(Router& router, const Services& services) {
  const auto add = [&](std::string method, std::string_view pattern, Endpoint endpoint) {
    add_route(router, services, std::move(method), pattern, endpoint);
  };
  add("GET", "/api/jobs", list_jobs);
  add("GET", "/api/jobs/{id}", get_job);
  add("PATCH", "/api/jobs/{id}", change_job);
  add("DELETE", "/api/jobs/{id}", remove_job);
  add("POST", "/api/jobs/{id}/cancel", bare_command<job::Cancel>);
  add("POST", "/api/jobs/{id}/hold", bare_command<job::Hold>);
  add("POST", "/api/jobs/{id}/release", bare_command<job::Release>);
  add("POST", "/api/jobs/{id}/retry", bare_command<job::Restart>);
}

}  // namespace llmspool::http
