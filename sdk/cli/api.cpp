// SPDX-License-Identifier: MIT
// The daemon's API as the commands use it; see api.hpp.
#include "api.hpp"

#include "connection.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

ExitCode exit_code_of(unsigned status) {
  if (status == 401 || status == 403) return ExitCode::permission_denied;
  if (status == 404) return ExitCode::not_found;
  const bool takes_none = status == 503 || status == 507;  // it refuses all, or has no room
  if (takes_none || (status >= 400 && status < 500)) return ExitCode::refused;
  return ExitCode::server_error;
}

json::value parse_or_null(const std::string& body) {
  boost::system::error_code failure;
  auto value = json::parse(body, failure);
  return failure ? json::value() : value;
}

void take_all(client::BodyStream stream, const Api::Take& take) {
  if (stream.response().status / 100 != 2) throw refusal(stream.response());
  while (const auto piece = stream.next()) take(*piece);
}

}  // namespace

std::string problem_text(const json::object& problem) {
  auto message = text_field(problem, "detail");
  if (message.empty()) message = text_field(problem, "title");
  for (const auto& error : array_field(problem, "errors")) {
    const auto detail = text_field(as_object(error), "detail");
    if (!message.contains(detail))
      message += "\n  " + text_field(as_object(error), "field") + ": " + detail;
  }
  return message;
}

Refusal refusal(const client::Response& response) {
  auto problem = parse_or_null(response.body);
  auto message = problem_text(as_object(problem));
  if (message.empty())
    message = "The daemon answered with HTTP status " + std::to_string(response.status) + ".";
  std::string advice;
  if (const auto seconds = response.header("Retry-After"))
    advice += "\nTry again in " + std::string(*seconds) + " s.";
  if (response.status == 401)
    advice += "\nPut the token into the environment variable LLMSPOOL_TOKEN.";
  return {exit_code_of(response.status), message, response.status >= 500, advice,
          std::move(problem)};
}

json::value parse_answer(const client::Response& response) {
  if (response.body.empty()) return nullptr;
  boost::system::error_code failure;
  auto value = json::parse(response.body, failure);
  if (failure)
    throw Failure(ExitCode::server_error,
                  "The daemon's answer is no JSON: " + failure.message() +
                      ". Check that it is llmspoold that answers at this address.");
  return value;
}

template <class Work>
auto Api::in_words(Work work) const {
  try {
    return work();
  } catch (const client::Error& error) {
    throw unreachable(address(), error);
  } catch (const std::invalid_argument& error) {
    throw Failure(ExitCode::usage, std::string("This cannot be sent: ") + error.what() + '.');
  }
}

client::Response Api::call(std::string_view method, std::string_view target, std::string body,
                           const client::Headers& headers) const {
  return in_words([&] {
    auto response = client_.request(method, target, std::move(body), headers);
    if (response.status / 100 != 2) throw refusal(response);
    return response;
  });
}

void Api::download(std::string_view target, const Take& take) const {
  in_words([&] { take_all(client_.stream(target), take); });
}

void Api::upload(std::string_view target, const client::BodySource& body,
                 const client::Headers& headers, const Take& take) const {
  in_words([&] { take_all(client_.upload("POST", target, body, headers), take); });
}

json::value Api::get(std::string_view target) const {
  return send("GET", target);
}

json::value Api::send(std::string_view method, std::string_view target,
                      const client::Headers& headers) const {
  return parse_answer(call(method, target, {}, headers));
}

json::value Api::change(std::string_view target, const json::object& fields) const {
  return parse_answer(call("PATCH", target, json::serialize(fields)));
}

client::EventStream Api::events(std::string_view target) const {
  auto stream = client_.events(target);
  if (stream.response().status / 100 != 2) throw refusal(stream.response());
  return stream;
}

Api Api::patient(std::chrono::seconds extra) const {
  auto longer = *this;
  auto options = client_.options();
  options.idle_timeout += extra;
  longer.client_.set_options(std::move(options));
  return longer;
}

Api Api::impatient() const {
  auto quicker = *this;
  auto options = client_.options();
  options.connect_timeout = std::chrono::seconds(2);
  options.idle_timeout = std::chrono::seconds(5);
  quicker.client_.set_options(std::move(options));
  return quicker;
}

std::string job_target(std::string_view job_id, std::string_view rest) {
  return "/api/jobs/" + percent_encoded(job_id) + std::string(rest);
}

}  // namespace llmspool::cli
