// SPDX-License-Identifier: MIT
// /api/ws/jobs/{id}: a job over a WebSocket, as job objects (the newest wins) or as its events.
#include "http/api/api.hpp"
#include "http/api/arguments.hpp"
#include "http/api/following.hpp"
#include "http/problem.hpp"

namespace llmspool::http {
namespace {

enum CloseCode : std::uint16_t {
  kDone = 1000,
  kInternalError = 1011,
  kRestarting = 1012,
  kNoSuchJob = 4504,
};

asio::awaitable<void> send_error(WebSocket& socket, Error error) {
  std::string text = boost::json::serialize(boost::json::object{{"error", error.message}});
  co_await socket.send(std::move(text));
  if (error.code == Code::not_found) {
    socket.close(kNoSuchJob, "No such job.");
  } else {
    socket.close(kInternalError, "The job cannot be read now; come back later.");
  }
}

// One client that follows one job.
class Following {
 public:
  Following(const Services& services, const Request& request, job::JobId id, WebSocket& socket)
      : signal_(*request.signal), socket_(socket), follower_(services, id, request.signal) {}

  asio::awaitable<void> objects() {
    std::int64_t sent = 0;  // version
    while (socket_.open()) {
      const auto snapshot = co_await follower_.snapshot();
      if (!snapshot) co_return co_await send_error(socket_, snapshot.error());
      const bool is_asked = asked();
      if ((*snapshot)->version != sent || is_asked) {
        sent = (*snapshot)->version;
        std::string text = (*snapshot)->json;
        const bool taken = co_await socket_.send(std::move(text));
        if (!taken) co_return;
        continue;
      }
      const bool more = co_await wait((*snapshot)->ended());
      if (!more) co_return;
    }
  }

  asio::awaitable<void> events(job::Seq last) {
    while (socket_.open()) {
      const auto snapshot = co_await follower_.snapshot();
      if (!snapshot) co_return co_await send_error(socket_, snapshot.error());
      for (bool is_asked = asked(); is_asked; is_asked = asked()) {
        std::string text = (*snapshot)->json;
        const bool taken = co_await socket_.send(std::move(text));
        if (!taken) co_return;
      }
      const auto events = co_await follower_.events(last);
      if (!events) co_return co_await send_error(socket_, events.error());
      for (const spool::PublishedPtr& event : *events) {
        std::string text = event->json;
        const bool taken = co_await socket_.send(std::move(text));
        if (!taken) co_return;
        last = event->seq;
      }
      if (!events->empty()) continue;
      const bool more = co_await wait((*snapshot)->ended());
      if (!more) co_return;
    }
  }

 private:
  // Whether the client has asked for the job; each time it has is told once.
  bool asked() {
    while (const auto message = socket_.take_message())
      if (trimmed(*message) == "status") return true;
    return false;
  }

  // False: there is nothing to wait for.
  asio::awaitable<bool> wait(bool ended) {
    if (ended) socket_.close(kDone, "The job has ended.");
    if (signal_.stopped()) socket_.close(kRestarting, "The server stops; come back.");
    if (ended || signal_.stopped()) co_return false;
    co_await signal_.wait();
    co_return true;
  }

  Signal& signal_;
  WebSocket& socket_;
  Follower follower_;
};

asio::awaitable<void> follow(const Services& services, const Request& request, job::JobId id,
                             bool all_events, job::Seq after, WebSocket& socket) {
  Following following(services, request, id, socket);
  if (all_events) {
    co_await following.events(after);
  } else {
    co_await following.objects();
  }
}

// 16 bytes in base64.
bool is_key(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.size() == 24 && text.ends_with("==") &&
         text.find_first_not_of(kDigits) == text.size() - 2;
}

Response upgrade_required() {
  Response response = problem_response(426, "upgrade-required", "Upgrade required",
                                       "This address speaks WebSocket only, in version 13.");
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Sec-WebSocket-Version", "13");
  return response;
}

asio::awaitable<Result<Response>> open(const Services& services, const Request& request) {
  const std::string* version = request.headers.find("Sec-WebSocket-Version");
  if (!request.websocket || !version || trimmed(*version) != "13") co_return upgrade_required();
  const std::string* key = request.headers.find("Sec-WebSocket-Key");
  if (!key || !is_key(trimmed(*key)))
    co_return fail(Code::invalid, "The Sec-WebSocket-Key header must be 16 bytes in base64.");
  LLMSPOOL_CO_CHECK(check_query(request, {"events", "after"}));
  LLMSPOOL_CO_TRY(
      after, integer_argument(request, "after", 0, 0, std::numeric_limits<std::int64_t>::max()));
  LLMSPOOL_CO_TRY(which, argument(request, "events"));
  if (which && *which != "all") {
    co_return fail(Code::invalid, "The parameter 'events' is wrong: it can only be 'all'.");
  }
  const Result<job::Job> job = co_await visible_job(services, request);
  Response response(101);
  if (job) {
    response.websocket = [&services, &request, id = job->id, all = which.has_value(),
                          after](WebSocket& socket) {
      return follow(services, request, id, all, after, socket);
    };
  } else if (job.error().code == Code::not_found) {
    // A browser page sees no status of a refused handshake, only a close code.
    response.websocket = [error = job.error()](WebSocket& socket) {
      return send_error(socket, error);
    };
  } else {
    co_return std::unexpected(job.error());
  }
  co_return response;
}

}  // namespace

void add_websocket_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/ws/jobs/{id}", open);
}

}  // namespace llmspool::http
