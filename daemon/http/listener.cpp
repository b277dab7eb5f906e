// SPDX-License-Identifier: MIT
#include "http/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace llmspool::http {
namespace {

using boost::asio::ip::tcp;

std::string reason(int error) {
  return std::generic_category().message(error);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// Makes room for a socket file at `path`, or says why there is none.
Result<void> clear_path(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Code::conflict, path +
                                    " (server.socket) is there already and is no socket; "
                                    "remove it or choose another path.");
  }
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return fail(Code::internal, "No socket can be made: " + reason(errno) + ".");
  const sockaddr_un address = unix_address(path);
  const int connected = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = connected == 0 ? 0 : errno;
  close(probe);
  if (error != ECONNREFUSED) {  // 0 and EAGAIN: somebody listens
    return fail(Code::conflict,
                path + " (server.socket) is in use by another program" +
                    (error == 0 || error == EAGAIN ? "" : " (" + reason(error) + ")") +
                    "; stop it or choose another path.");
  }
  if (unlink(path.c_str()) != 0) {
    return fail(Code::internal, path + " (server.socket) cannot be replaced: " + reason(errno));
  }
  return {};
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};
Result<Address> split_address(const std::string& text) {
  const auto colon = text.rfind(':');
  Address result;
  if (colon != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, result.port);
    result.host = text.substr(0, colon);
    if (result.host.starts_with('[') && result.host.ends_with(']')) {
      result.host = result.host.substr(1, result.host.size() - 2);
    } else if (result.host.find(':') != std::string::npos) {
      result.host.clear();  // an IPv6 address needs its brackets
    }
    if (result.host == "localhost") result.host = "127.0.0.1";
    if (error == std::errc() && rest == end && !result.host.empty()) return result;
  }
  return fail(Code::invalid, "'" + text +
                                 "' (server.listen) is no address: write ADDRESS:PORT, such as "
                                 "127.0.0.1:7741 or [::1]:7741.");
}

Result<void> check_loopback(const boost::asio::ip::address& address, const std::string& name) {
  if (address.is_loopback()) return {};
  return fail(Code::invalid, name +
                                 " (server.listen) can be reached from other machines, whose users "
                                 "llmspool cannot tell apart: use a loopback address, such as "
                                 "127.0.0.1.");
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      family_(other.family_),
      port_(other.port_),
      name_(std::move(other.name_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

Listener::~Listener() {
  if (fd_ >= 0) close(fd_);
  remove_file();
}

void Listener::remove_file() {
  struct stat status{};
  if (!path_.empty() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    unlink(path_.c_str());
  }
  path_.clear();
}

Transport Listener::transport() const {
  return family_ == AF_UNIX ? Transport::unix_socket : Transport::tcp;
}

int Listener::release_fd() {
  return std::exchange(fd_, -1);
}

Result<Listener> Listener::on_path(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Code::invalid, path + " (server.socket) is too long for a socket's path: at most " +
                                   std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                   " bytes are possible.");
  }
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  if (error) {
    return fail(Code::invalid,
                "The directory " + directory.string() +
                    " of the socket (server.socket) cannot be made: " + error.message());
  }
  LLMSPOOL_CHECK(clear_path(path));
  Listener listener;
  listener.family_ = AF_UNIX;
  listener.name_ = path;
  listener.fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  // The file is born with the socket's mode less the umask, never with more than it shall have.
  const sockaddr_un address = unix_address(path);
  struct stat status{};
  if (listener.fd_ < 0 || fchmod(listener.fd_, 0660) != 0 ||
      bind(listener.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0660) != 0 || lstat(path.c_str(), &status) != 0 ||
      listen(listener.fd_, SOMAXCONN) != 0) {
    return fail(Code::invalid,
                path + " (server.socket) cannot be listened on: " + reason(errno) + ".");
  }
  listener.path_ = path;
  listener.device_ = status.st_dev;
  listener.inode_ = status.st_ino;
  return listener;
}

Result<Listener> Listener::on_address(const std::string& text) {
  LLMSPOOL_TRY(parts, split_address(text));
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(parts.host, wrong);
  if (wrong) {
    return fail(Code::invalid, "'" + text +
                                   "' (server.listen) is no address: write a number, such as "
                                   "127.0.0.1:7741, not a name.");
  }
  LLMSPOOL_CHECK(check_loopback(address, text));
  tcp::endpoint endpoint(address, parts.port);
  Listener listener;
  listener.family_ = address.is_v4() ? AF_INET : AF_INET6;
  listener.name_ = text;
  listener.fd_ = socket(listener.family_, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  socklen_t size = static_cast<socklen_t>(endpoint.capacity());
  if (listener.fd_ < 0 || setsockopt(listener.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (address.is_v6() &&
       setsockopt(listener.fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
      bind(listener.fd_, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      listen(listener.fd_, SOMAXCONN) != 0 ||
      getsockname(listener.fd_, endpoint.data(), &size) != 0) {
    const int error = errno;
    if (error == EADDRINUSE) {
      return fail(Code::conflict, text +
                                      " (server.listen) is in use by another program; stop it or "
                                      "choose another port.");
    }
    return fail(Code::invalid,
                text + " (server.listen) cannot be listened on: " + reason(error) + ".");
  }
  listener.port_ = endpoint.port();
  return listener;
}

Result<Listener> Listener::from_fd(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  int listening = 0;
  socklen_t listening_size = sizeof listening;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0 || !listening) {
    return fail(Code::invalid,
                "The passed descriptor " + std::to_string(fd) + " is no listening socket.");
  }
  Listener listener;
  listener.family_ = storage.ss_family;
  listener.name_ = "passed socket " + std::to_string(fd);
  if (storage.ss_family != AF_UNIX) {
    tcp::endpoint endpoint;
    if (size > endpoint.capacity() ||
        (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)) {
      return fail(Code::invalid, "The " + listener.name_ + " is neither a Unix nor a TCP socket.");
    }
    std::memcpy(endpoint.data(), &storage, size);
    endpoint.resize(size);
    LLMSPOOL_CHECK(check_loopback(endpoint.address(), "The " + listener.name_));
    listener.port_ = endpoint.port();
  }
  listener.fd_ = fd;
  return listener;
}

}  // namespace llmspool::http
