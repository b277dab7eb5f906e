// SPDX-License-Identifier: MIT
#include "http/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>

#include "base/log.hpp"
#include "http/api/api.hpp"
#include "http/listener.hpp"
#include "http/session.hpp"

namespace llmspool::http {
namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
// A listening socket and who waits at it.
struct Port {
  Port(asio::io_context& io, Listener made)
      : listener(std::move(made)), acceptor(asio::make_strand(io)) {}

  Listener listener;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor;
};

void log_bug(std::string_view where, const std::exception_ptr& bug) {
  try {
    if (bug) std::rethrow_exception(bug);
  } catch (const std::exception& error) {
    log::error(std::string(where) + " failed: " + error.what());
  }
}

void spawn_session(const std::shared_ptr<Core>& core, asio::generic::stream_protocol::socket socket,
                   Transport transport) {
  const asio::any_io_executor strand = socket.get_executor();
  if (transport == Transport::tcp) {
    boost::system::error_code ignored;  // small pieces of a stream shall not wait for each other
    std::ignore = socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  auto session = std::make_shared<Session>(core, std::move(socket), transport);
  if (!core->enter(session)) return session->turn_away();
  auto run = [session] { return session->run(); };
  asio::co_spawn(strand, std::move(run), [core, session](const std::exception_ptr& bug) {
    log_bug("A connection", bug);
    core->leave(session.get());
  });
}

asio::awaitable<void> accept_all(std::shared_ptr<Core> core, std::shared_ptr<Port> port) {
  asio::steady_timer pause(port->acceptor.get_executor());
  bool complained = false;
  while (!core->stopping()) {
    asio::generic::stream_protocol::socket socket(asio::make_strand(core->io));
    const auto [error] = co_await port->acceptor.async_accept(socket, kAsTuple);
    if (!error) {
      complained = false;
      spawn_session(core, std::move(socket), port->listener.transport());
      continue;
    }
    if (core->stopping() || error == asio::error::operation_aborted) co_return;
    if (error == asio::error::connection_aborted) continue;
    // Out of descriptors or memory: others must end first.
    if (!complained) log::error("A connection could not be accepted: " + error.message());
    complained = true;
    pause.expires_after(limits::kAcceptPause);
    co_await pause.async_wait(kAsTuple);
  }
}

}  // namespace

struct Server::Impl {
  Impl(asio::io_context& io, Settings settings, spool::Spool& spool)
      : core(std::make_shared<Core>(io, std::move(settings), spool)),
        services{spool, core->blocking, core->settings} {
    add_api(core->router, services);
  }

  Result<std::uint16_t> add(Result<Listener> made) {
    LLMSPOOL_TRY(listener, std::move(made));
    const std::uint16_t number = listener.port();
    auto port = std::make_shared<Port>(core->io, std::move(listener));
    boost::system::error_code error;
    const asio::generic::stream_protocol protocol(port->listener.family(), 0);
    std::ignore = port->acceptor.assign(protocol, port->listener.fd(), error);
    if (error) {
      return fail(Code::internal,
                  port->listener.name() + " cannot be listened on: " + error.message());
    }
    port->listener.release_fd();
    ports.push_back(std::move(port));
    return number;
  }

  std::shared_ptr<Core> core;
  Services services;
  std::vector<std::shared_ptr<Port>> ports;
};

Server::Server(asio::io_context& io, Settings settings, spool::Spool& spool)
    : impl_(std::make_unique<Impl>(io, std::move(settings), spool)) {}

Server::~Server() = default;

Result<void> Server::listen_unix(const std::string& path) {
  LLMSPOOL_CHECK(impl_->add(Listener::on_path(path)));
  return {};
}

Result<std::uint16_t> Server::listen_tcp(const std::string& address) {
  return impl_->add(Listener::on_address(address));
}

Result<void> Server::listen_passed(int fd) {
  LLMSPOOL_CHECK(impl_->add(Listener::from_fd(fd)));
  return {};
}

void Server::start() {
  for (const auto& port : impl_->ports) {
    impl_->core->enter_acceptor();
    auto accept = [core = impl_->core, port] { return accept_all(core, port); };
    asio::co_spawn(port->acceptor.get_executor(), std::move(accept),
                   [core = impl_->core](const std::exception_ptr& bug) {
                     log_bug("Accepting connections", bug);
                     core->leave_acceptor();
                   });
  }
}

void Server::stop(std::function<void()> ended) {
  const auto core = impl_->core;
  for (auto& port : impl_->ports) {
    const auto executor = port->acceptor.get_executor();
    asio::post(executor, [port = std::move(port)] {
      boost::system::error_code ignored;
      std::ignore = port->acceptor.close(ignored);
      port->listener.remove_file();
    });
  }
  impl_->ports.clear();
  auto deadline = std::make_shared<asio::steady_timer>(asio::make_strand(core->io));
  deadline->expires_after(core->settings.timeouts.stop);
  deadline->async_wait([core, deadline](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    for (const auto& session : core->sessions()) session->abort();
  });
  core->begin_stop([deadline, ended = std::move(ended)] {
    asio::post(deadline->get_executor(), [deadline] { deadline->cancel(); });
    ended();
  });
  for (const auto& session : core->sessions()) session->stop();
}

const Router& Server::router() const {
  return impl_->core->router;
}

}  // namespace llmspool::http
