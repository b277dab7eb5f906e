// SPDX-License-Identifier: MIT
// A job's events: a page of them as JSON, or all of them as they come as server-sent events.
#include <charconv>

#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "http/api/following.hpp"

namespace llmspool::http {
namespace {

constexpr auto kForever = std::numeric_limits<std::int64_t>::max();

// "text/event-stream;q=0" rules it out.
bool names_stream(std::string_view range) {
  ParameterizedValue type;
  if (!parse_parameterized(range, type) || type.value != "text/event-stream") return false;
  const std::string* weight = type.parameter("q");
  return !weight || weight->find_first_not_of("0.") != std::string::npos;
}

bool wants_stream(const Request& request) {
  return std::ranges::any_of(request.headers.all(), [](const auto& field) {
    return iequals(field.first, "Accept") && any_listed(field.second, names_stream);
  });
}

// A page: events after `after`, waiting for the first until `deadline`.
asio::awaitable<Result<Response>> page(const Services& services, const Request& request,
                                       job::JobId id) {
  LLMSPOOL_CO_CHECK(check_query(request, {"after", "wait", "limit"}));
  LLMSPOOL_CO_TRY(after, integer_argument(request, "after", 0, 0, kForever));
  LLMSPOOL_CO_TRY(wait, wait_argument(request));
  LLMSPOOL_CO_TRY(limit, integer_argument(request, "limit", limits::kListMax, 1, limits::kListMax));
  const auto deadline = std::chrono::steady_clock::now() + wait;
  if (wait.count() > 0) request.watch_client();
  Follower follower(services, id, request.signal);
  std::string list;
  std::int64_t count = 0;
  job::Seq last = after;
  for (bool ended = false;;) {
    LLMSPOOL_CO_TRY(events, co_await follower.events(last));
    for (const spool::PublishedPtr& event : events) {
      if (count == limit) break;
      list += (count == 0 ? "" : ",") + event->json;
      last = event->seq;
      ++count;
    }
    if (count == limit || list.size() >= limits::kEventBytesPerRead) break;
    if (events.empty() && count > 0) break;
    if (!events.empty()) continue;
    if (ended || request.signal->stopped() || std::chrono::steady_clock::now() >= deadline) break;
    LLMSPOOL_CO_TRY(snapshot, co_await follower.snapshot());
    ended = snapshot->ended();  // since the last look perhaps: what tells of it is still to be read
    if (!ended) co_await request.signal->wait_until(deadline);
  }
  co_return json_text_response(
      200, R"({"events":[)" + list + R"(],"last":)" + std::to_string(last) + "}");
}

// Where a stream goes on: the last event that the client has seen.
Result<job::Seq> resume_point(const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {"after", "last_event_id"}));
  LLMSPOOL_TRY(after, integer_argument(request, "after", 0, 0, kForever));
  LLMSPOOL_TRY(seen, integer_argument(request, "last_event_id", after, 0, kForever));
  // A browser sends the header when it comes back, with the address it began with.
  const std::string* header = request.headers.find("Last-Event-ID");
  if (!header) return seen;
  job::Seq number = 0;
  const std::string_view text = trimmed(*header);
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || rest != text.end() || number < 0) {
    return fail(Code::invalid, "The Last-Event-ID header must be the number of an event.");
  }
  return number;
}

// What is expected of the job: no event of its own, since it has no number and is soon out of date.
std::string queue_message(const job::Outlook& outlook) {
  const auto number = [](const std::optional<std::int64_t>& value) {
    return value ? std::to_string(*value) : "null";
  };
  return "event: queue\ndata: {\"queue_position\":" + number(outlook.queue_position) +
         ",\"eta_seconds\":" + number(outlook.eta_seconds) + "}\n\n";
}

// A stream ends with its job's removal; where the job cannot be read, it is broken off.
void check_removed(const Error& error) {
  if (error.code != Code::not_found) throw std::runtime_error(error.message);
}

asio::awaitable<void> write_events(const Services& services, const Request& request, job::JobId id,
                                   job::Seq last, BodyWriter& body) {
  Follower follower(services, id, request.signal);
  const auto keepalive = services.settings.timeouts.sse_keepalive;
  std::string text = "retry: 2000\n\n";
  auto quiet_since = std::chrono::steady_clock::now();
  job::Outlook told;
  for (bool ended = false;;) {
    const auto events = co_await follower.events(last);
    if (!events) co_return check_removed(events.error());
    for (const spool::PublishedPtr& event : *events) {
      text += "id: " + std::to_string(event->seq) + "\nevent: " + event->type +
              "\ndata: " + event->json + "\n\n";
      last = event->seq;
    }
    if (text.empty() && std::chrono::steady_clock::now() >= quiet_since + keepalive) {
      text = ": ping\n\n";
    }
    if (!text.empty()) {
      const bool taken = co_await body.write(std::move(text));
      if (!taken) co_return;
      text.clear();
      quiet_since = std::chrono::steady_clock::now();
    }
    if (events->empty() && ended) co_return;
    ended = false;
    if (!events->empty()) continue;
    const auto snapshot = co_await follower.snapshot();
    if (!snapshot) co_return check_removed(snapshot.error());
    if (request.signal->stopped()) co_return;
    ended = (*snapshot)->ended();
    if (ended) continue;  // what tells of its end is still to be read
    if ((*snapshot)->outlook != told) {
      told = (*snapshot)->outlook;
      text = queue_message(told);
      continue;
    }
    co_await request.signal->wait_until(quiet_since + keepalive);
  }
}

asio::awaitable<Result<Response>> stream(const Services& services, const Request& request,
                                         const job::Job& job) {
  LLMSPOOL_CO_TRY(last, resume_point(request));
  // A browser would come back for ever; this tells it that nothing more will come.
  if (job::ended(job.status) && last >= job.seq) co_return Response(204);
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("X-Accel-Buffering", "no");
  response.stream = [&services, &request, id = job.id, last](BodyWriter& body) {
    return write_events(services, request, id, last, body);
  };
  co_return response;
}

asio::awaitable<Result<Response>> events(const Services& services, const Request& request) {
  LLMSPOOL_CO_TRY(job, co_await visible_job(services, request));
  if (wants_stream(request)) co_return co_await stream(services, request, job);
  co_return co_await page(services, request, job.id);
}

}  // namespace

void add_event_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/jobs/{id}/events", events);
}

}  // namespace llmspool::http
