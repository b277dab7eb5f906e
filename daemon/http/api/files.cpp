// SPDX-License-Identifier: MIT
// The files that a job made: listed, downloaded, shown.
#include "http/api/api.hpp"
#include "http/api/arguments.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

asio::awaitable<Result<Response>> list_files(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  LLMSPOOL_CO_TRY(id, job_id(request));
  auto work = [&services, &request, id] { return services.spool.files(request.caller, id); };
  LLMSPOOL_CO_TRY(files, co_await services.read(std::move(work)));
  json::array list;
  for (const store::FileInfo& file : files) {
    list.push_back(json::object{{"filename", file.name},
                                {"size", file.size},
                                {"type", file.role},
                                {"media_type", file.media_type}});
  }
  json::object body{{"job_id", std::to_string(id)}, {"files", std::move(list)}};
  co_return json_response(200, body);
}

Result<job::File> file_of(const Services& services, const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {}));
  LLMSPOOL_TRY(id, job_id(request));
  return services.spool.file(request.caller, id, request.parameter("name"));
}

// For browsers that know filename* and, in plain ASCII, for those that do not.
std::string attachment(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    plain += c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%' ? c : '_';
  }
  std::string result = "attachment; filename=\"" + plain + '"';
  if (plain != name) result += "; filename*=UTF-8''" + percent_encoded(name);
  return result;
}

asio::awaitable<Result<Response>> download(const Services& services, const Request& request) {
  auto work = [&] { return file_of(services, request); };
  LLMSPOOL_CO_TRY(file, co_await services.read(std::move(work)));
  Response response;
  const bool text = file.media_type.starts_with("text/");
  response.headers.add("Content-Type", file.media_type + (text ? "; charset=utf-8" : ""));
  response.headers.add("Content-Disposition", attachment(file.name));
  response.headers.add("Content-Security-Policy", "default-src 'none'; sandbox");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(file.content);
  co_return response;
}

Result<std::string> preview_of(const job::File& file) {
  const std::string_view type = preview_type(file.media_type);
  if (type.empty()) {
    return fail(Code::unsupported_media, "The file '" + file.name + "' is of type " +
                                             file.media_type +
                                             " and cannot be shown as text; download it.");
  }
  return json::serialize(
      json::object{{"filename", file.name}, {"content", file.content}, {"type", type}});
}

asio::awaitable<Result<Response>> preview(const Services& services, const Request& request) {
  auto work = [&]() -> Result<std::string> {
    LLMSPOOL_TRY(file, file_of(services, request));
    return preview_of(file);
  };
  LLMSPOOL_CO_TRY(text, co_await services.read(std::move(work)));
  co_return json_text_response(200, std::move(text));
}

}  // namespace

std::string_view preview_type(const std::string& media_type) {
  if (media_type == "text/markdown") return "markdown";
  if (media_type == "application/json") return "json";
  return media_type.starts_with("text/") ? "text" : "";
}

void add_file_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/jobs/{id}/files", list_files);
  add_route(router, services, "GET", "/api/jobs/{id}/files/{name}", download);
  add_route(router, services, "GET", "/api/jobs/{id}/files/{name}/content", preview);
}

}  // namespace llmspool::http
