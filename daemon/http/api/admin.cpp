// SPDX-License-Identifier: MIT
// What administrators do: take a backup.
#include <stdexcept>

#include "http/api/api.hpp"
#include "http/api/arguments.hpp"

namespace llmspool::http {
namespace {

struct Source {
  std::shared_ptr<std::ifstream> file;
  std::streamoff size;
};

Result<Source> measured(std::shared_ptr<std::ifstream> file) {
  const auto size = static_cast<std::streamoff>(file->seekg(0, std::ios::end).tellg());
  if (!file->seekg(0)) return fail(Code::internal, "The backup cannot be read.");
  return Source{std::move(file), size};
}

Result<std::string> next_piece(std::ifstream& file) {
  constexpr std::size_t kPiece = std::size_t{256} * 1024;
  std::string piece(kPiece, '\0');
  file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
  piece.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return fail(Code::internal, "The backup cannot be read.");
  return piece;
}

asio::awaitable<void> write_file(const Services& services, std::shared_ptr<std::ifstream> file,
                                 BodyWriter& body) {
  for (;;) {
    auto work = [file] { return next_piece(*file); };
    auto piece = co_await services.read(std::move(work));
    // Half a database must not look like a whole one: the body is left without its end.
    if (!piece) throw std::runtime_error(piece.error().message);
    if (piece->empty()) co_return;
    const bool taken = co_await body.write(*std::move(piece));
    if (!taken) co_return;
  }
}

asio::awaitable<Result<Response>> backup(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  // A page of another site could have its visitor's daemon fill the disk.
  const std::string* site = request.headers.find("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none")
    co_return fail(Code::forbidden, "A web page of another site may not take a backup.");
  auto work = [&services, &request]() -> Result<Source> {
    LLMSPOOL_TRY(file, services.spool.backup(request.caller));
    return measured(std::move(file));
  };
  LLMSPOOL_CO_TRY(source, co_await services.read(std::move(work)));
  Response response;
  response.headers.add("Content-Type", "application/vnd.sqlite3");
  response.headers.add("Content-Length", std::to_string(source.size));
  response.stream = [&services, file = source.file](BodyWriter& body) {
    return write_file(services, file, body);
  };
  co_return response;
}

}  // namespace

void add_admin_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/admin/backup", backup);
}

}  // namespace llmspool::http
