// SPDX-License-Identifier: MIT
#include "http/session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <random>

#include "base/log.hpp"
#include "http/async.hpp"
#include "http/identity.hpp"
#include "http/problem.hpp"

namespace llmspool::http {
namespace {

namespace beast_http = beast::http;

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;

std::string new_request_id() {
  thread_local std::mt19937_64 random(std::random_device{}());
  std::string text(16, '0');
  for (auto [at, rest] = std::pair(text.rbegin(), random()); rest != 0; rest >>= 4)
    *at++ = "0123456789abcdef"[rest & 15];
  return text;
}

// A client's own id of a request is kept, if it is one that may stand in logs.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
}

bool is_http_error(const beast::error_code& error) {
  static const auto& category =
      beast_http::make_error_code(beast_http::error::bad_method).category();
  return error.category() == category && error != beast_http::error::end_of_stream &&
         error != beast_http::error::partial_message;
}

Response parse_problem(const beast::error_code& error, const Settings& settings) {
  if (error == beast_http::error::header_limit) {
    return problem_response(431, "header-too-large", "Header too large",
                            "The request's header is larger than " +
                                std::to_string(limits::kHeaderBytesMax) + " bytes.");
  }
  if (error == beast_http::error::body_limit) {
    return problem_response(Error{
        Code::too_large, "The body is larger than " + std::to_string(settings.body_bytes_max) +
                             " bytes, which server.body_bytes_max allows."});
  }
  return problem_response(
      Error{Code::invalid, "The request is no HTTP that is understood: " + error.message() + "."});
}

Error no_room() {
  return {Code::unavailable, "Too many large requests are under way; come back in a moment."};
}

Response method_problem(const std::string& method, const std::string& allow) {
  Response response =
      problem_response(405, "method-not-allowed", "Method not allowed",
                       "The method " + method + " is not served here; " + allow + " are.");
  response.headers.add("Allow", allow);
  return response;
}

std::string instance_of(const Request& request) {
  for (const auto& [name, value] : request.parameters) {
    if (name == "id" && job::parse_id(value)) return "/api/jobs/" + value;
  }
  return {};
}

}  // namespace

Session::Session(std::shared_ptr<Core> core, Connection::Socket socket, Transport transport)
    : core_(std::move(core)),
      executor_(socket.get_executor()),
      connection_(std::make_shared<Connection>(std::move(socket))),
      transport_(transport),
      signal_(std::make_shared<Signal>(executor_)) {}

void Session::stop() {
  signal_->stop();
  asio::post(executor_, [self = shared_from_this()] {
    if (self->idle_) self->connection_->close();
    if (self->reading_body_) self->connection_->end_reading();
  });
}

void Session::abort() {
  asio::post(executor_, [self = shared_from_this()] {
    if (self->websocket_) {
      self->websocket_->abort();
    } else {
      self->connection_->close();
    }
  });
}

void Session::turn_away() {
  const Response problem = problem_response(
      Error{Code::unavailable, "There are too many connections; come back in a moment."});
  std::string text =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nX-Request-Id: " + new_request_id() +
      "\r\n";
  for (const auto& [name, value] : problem.headers.all())
    text.append(name).append(": ").append(value).append("\r\n");
  text += "\r\n" + problem.body;
  beast::error_code ignored;
  std::ignore = connection_->socket().non_blocking(true, ignored);
  std::ignore = connection_->socket().write_some(asio::buffer(text), ignored);
  connection_->close();
}

// Reads into `parser` until `enough(parser)`, `most` bytes at most.
template <class AnyParser, class Enough>
asio::awaitable<beast::error_code> Session::parse(AnyParser& parser, Enough enough,
                                                  std::uint64_t most) {
  beast::error_code error;
  for (;;) {
    while (buffer_.size() > 0 && !error && !enough(parser)) {
      const std::size_t taken = parser.put(buffer_.cdata(), error);
      buffer_.consume(taken);
      most -= std::min<std::uint64_t>(taken, most);
    }
    if (error && error != beast_http::error::need_more) co_return error;
    if (enough(parser)) co_return beast::error_code{};
    if (buffer_.size() >= most) co_return beast_http::error::header_limit;
    if (connection_->reading_ended()) co_return asio::error::timed_out;
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(
        {kReadBytes, buffer_.max_size() - buffer_.size(), most - buffer_.size()}));
    if (room == 0) co_return beast_http::error::buffer_overflow;
    const auto [failed, size] = co_await connection_->read_some(buffer_.prepare(room));
    if (failed == asio::error::eof && parser.got_some()) {
      parser.put_eof(error);
      co_return error;
    }
    if (failed) co_return failed;
    buffer_.commit(size);
    error = {};
  }
}

// The same for a body, which has its time: the client's silence and the server's stop end it.
template <class AnyParser, class Enough>
asio::awaitable<beast::error_code> Session::parse_body(AnyParser& parser, Enough enough) {
  if (core_->stopping()) connection_->end_reading();
  reading_body_ = true;
  connection_->reading_expires_after(core_->settings.timeouts.body);
  const auto error = co_await parse(parser, std::move(enough));
  connection_->expires_never();
  reading_body_ = false;
  co_return error;
}

// Why the rest of a body is not read.
Error Session::unread_problem() const {
  if (core_->stopping()) return {Code::unavailable, "The daemon stops."};
  const auto limit =
      std::chrono::duration_cast<std::chrono::seconds>(core_->settings.timeouts.body);
  return {Code::unavailable, "The rest of the request's body did not come within " +
                                 std::to_string(limit.count()) + " seconds."};
}

Response Session::unread_response() const {
  const Error problem = unread_problem();
  if (core_->stopping()) return problem_response(problem);
  return problem_response(408, "request-timeout", "The request took too long", problem.message);
}

// The body of a streamed route: what the parser of the header left, with a parser of its own.
class Session::RequestBody final : public BodyReader {
 public:
  RequestBody(Session& session, Parser& header, BodyRoom::Share& room)
      : session_(session), parser_(std::move(header)), room_(room) {
    parser_.body_limit(boost::none);
    parser_.eager(true);
  }

  asio::awaitable<Result<std::string>> read() override {
    constexpr std::size_t kPiece = std::size_t{256} * 1024;
    std::string piece(kPiece, '\0');
    auto& body = parser_.get().body();
    body.data = piece.data();
    body.size = piece.size();
    const auto error = co_await session_.parse_body(parser_, [&piece](const auto& parser) {
      return parser.is_done() || parser.get().body().size < piece.size();
    });
    if (error && error != beast_http::error::need_buffer) {
      if (session_.connection_->reading_ended())
        co_return std::unexpected(session_.unread_problem());
      client_is_gone_ = !is_http_error(error);
      co_return fail(Code::invalid, "The request's body is broken: " + error.message() + ".");
    }
    piece.resize(piece.size() - body.size);
    co_return piece;
  }

  Result<void> keep(std::size_t bytes) override {
    if (room_.resize(bytes)) return {};
    return std::unexpected(no_room());
  }

  bool is_read() const { return parser_.is_done(); }
  bool client_is_gone() const { return client_is_gone_; }

 private:
  Session& session_;
  beast_http::request_parser<beast_http::buffer_body> parser_;
  BodyRoom::Share& room_;
  bool client_is_gone_ = false;
};

asio::awaitable<void> Session::run() {
  co_await identify();
  // g++ 12 destroys what a co_await in a loop's condition makes without having made it.
  for (bool goes_on = true; goes_on;) goes_on = co_await serve_next();
}

asio::awaitable<void> Session::identify() {
  const int fd = connection_->socket().native_handle();
  auto work = [fd, group = core_->settings.admin_group]() -> Result<spool::Caller> {
    LLMSPOOL_TRY(uid, peer_uid(fd));
    return caller_of(uid, group);
  };
  caller_ = co_await offloaded(core_->identifying, std::move(work));
}

// False: the connection is over.
asio::awaitable<bool> Session::serve_next() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits::kHeaderBytesMax));
  parser.body_limit(boost::none);  // until the route is known
  version_ = 11;
  whole_ = false;
  request_id_ = new_request_id();
  keep_alive_ = false;
  idle_ = true;
  if (core_->stopping()) co_return false;
  connection_->expires_after(core_->settings.timeouts.header);
  const auto error =
      // The parser's own limit is for what comes between two of our reads.
      co_await parse(
          parser, [](const Parser& read) { return read.is_header_done(); },
          limits::kHeaderBytesMax);
  idle_ = false;
  Request request = received(parser);
  if (error) {
    if (!is_http_error(error)) co_return false;  // the client has gone, or said nothing in time
    Response response = parse_problem(error, core_->settings);
    co_await respond(request, response);
    co_await linger();
    co_return false;
  }
  version_ = parser.get().version() == 10 ? 10 : 11;
  const bool may_go_on = parser.get().keep_alive();
  if (const std::string* id = request.headers.find("X-Request-Id"); id && is_request_id(*id)) {
    request_id_ = *id;
  }
  std::optional<Response> response = co_await answer(parser, request);
  if (!response) co_return false;
  // What is left of a body that was refused unread cannot be told from a next request.
  keep_alive_ = whole_ && may_go_on && !core_->stopping();
  if (response->websocket) {
    co_await upgrade(parser.get(), request, *response);
    co_return false;
  }
  const bool written = co_await respond(request, *response);
  if (written && !whole_) co_await linger();
  co_return written&& keep_alive_;
}

// Reads the rest of the request and has it answered; nothing if the client has gone.
asio::awaitable<std::optional<Response>> Session::answer(Parser& parser, Request& request) {
  // Nobody's job may become somebody else's: a new connection finds out anew who calls.
  if (!caller_) co_return problem_response(caller_.error());
  request.caller = *caller_;
  if (auto framed = check_framing(version_ >= 11, request.headers); !framed)
    co_return problem_response(framed.error());
  whole_ = parser.is_done();  // there is no body
  auto match = accepted(parser, request);
  if (!match) co_return std::move(match).error();
  request.parameters = match->parameters;
  const auto most = core_->settings.body_bytes_max;
  auto room = core_->bodies.take(
      whole_ || match->route->streamed ? 0 : parser.content_length().value_or(most));
  if (!room) co_return problem_response(no_room());
  if (beast::iequals(parser.get()[beast_http::field::expect], "100-continue") && !whole_ &&
      version_ >= 11) {
    const bool asked = co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
    if (!asked) co_return std::nullopt;
  }
  if (match->route->streamed)
    co_return co_await answer_streamed(parser, request, match->route->handler, *room);
  parser.body_limit(most);
  const auto error = co_await parse_body(parser, [](const Parser& read) { return read.is_done(); });
  if (error) {
    if (connection_->reading_ended()) co_return unread_response();
    if (!is_http_error(error)) co_return std::nullopt;
    co_return parse_problem(error, core_->settings);
  }
  whole_ = true;
  request.body = std::move(parser.get().body());
  room->resize(request.body.size());
  auto response = co_await handled(request, match->route->handler);
  std::string().swap(request.body);  // an answer may take long to be written
  co_return std::move(response);
}

asio::awaitable<std::optional<Response>> Session::answer_streamed(Parser& parser, Request& request,
                                                                  const Handler& handler,
                                                                  BodyRoom::Share& room) {
  RequestBody body(*this, parser, room);
  request.stream = &body;
  auto response = co_await handled(request, handler);
  request.stream = nullptr;
  if (body.client_is_gone()) co_return std::nullopt;
  whole_ = body.is_read();
  co_return response;
}

asio::awaitable<Response> Session::handled(const Request& request, const Handler& handler) {
  connection_->expires_never();  // the handler takes its time
  Result<Response> response = fail(Code::internal, "");
  try {
    response = co_await handler(request);
  } catch (const std::exception& bug) {
    response = fail(Code::internal, bug.what());
  }
  if (response) co_return *std::move(response);
  Error& wrong = response.error();
  if (wrong.code == Code::internal) {
    log::error("A request failed: " + wrong.message, {{"REQUEST_ID", request_id_}});
  }
  co_return problem_response(wrong, instance_of(request));
}

// What can be said before the body is read: the route, or why not.
std::expected<Router::Match, Response> Session::accepted(const Parser& parser,
                                                         Request& request) const {
  const auto& message = parser.get();
  const Settings& settings = core_->settings;
  const auto refused = [](const Error& error) { return std::unexpected(problem_response(error)); };
  if (auto ours = check_host(transport_, message.version() >= 11, request.headers, settings);
      !ours) {
    return refused(ours.error());
  }
  const std::string_view text(message.target().data(), message.target().size());
  if (text == "*" && request.method == "OPTIONS") return std::unexpected(Response(204));
  auto target = parse_target(text);
  if (!target) return refused(target.error());
  request.target = *std::move(target);
  if (changes_state(request.method) || request.websocket) {
    auto welcome = check_origin(transport_, request.headers, settings);
    if (!welcome) return refused(welcome.error());
  }
  Router::Match match = core_->router.match(request.method, request.target.segments);
  if (match.allow.empty()) {
    return refused({Code::not_found,
                    "Nothing is served at this address; /api/openapi.json lists "
                    "what is."});
  }
  if (!match.route) {
    if (request.method != "OPTIONS") {
      return std::unexpected(method_problem(request.method, match.allow));
    }
    Response options(204);
    options.headers.add("Allow", match.allow);
    options.headers.add("Access-Control-Allow-Methods", match.allow);
    return std::unexpected(std::move(options));
  }
  const bool has_body = message.chunked() || parser.content_length().value_or(0) > 0;
  if (has_body && changes_state(request.method)) {
    if (auto readable = check_content_type(request.headers, match.route->streamed); !readable) {
      return refused(readable.error());
    }
  }
  const auto most = core_->settings.body_bytes_max;
  if (!match.route->streamed && parser.content_length().value_or(0) > most) {
    return std::unexpected(parse_problem(beast_http::error::body_limit, core_->settings));
  }
  return match;
}

Request Session::received(const Parser& parser) const {
  const auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  for (const auto& field : message) {
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  request.websocket = beast::websocket::is_upgrade(message);
  request.signal = signal_;
  request.watch_client = [this] {
    connection_->watch_client([signal = signal_] { signal->stop(); });
  };
  return request;
}

}  // namespace llmspool::http
