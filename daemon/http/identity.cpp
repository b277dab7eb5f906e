// SPDX-License-Identifier: MIT
#include "http/identity.hpp"

#include <grp.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace llmspool::http {
namespace {

using boost::asio::ip::tcp;

// An address as the kernel prints it: each 32 bits as they lie in memory, read as one number.
template <class Bytes>
std::string kernel_hex(const Bytes& bytes, unsigned short port) {
  std::string result;
  char text[16];
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    std::snprintf(text, sizeof text, "%08X", word);
    result += text;
  }
  std::snprintf(text, sizeof text, ":%04X", unsigned{port});
  return result + text;
}

std::vector<std::string> kernel_forms(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v6()) return {kernel_hex(address.to_v6().to_bytes(), endpoint.port())};
  // A program may reach an IPv4 address from an IPv6 socket.
  const auto mapped = boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4());
  return {kernel_hex(address.to_v4().to_bytes(), endpoint.port()),
          kernel_hex(mapped.to_bytes(), endpoint.port())};
}

std::unexpected<Error> unknown(int error) {
  return fail(Code::unavailable, "It cannot be found out who you are: " +
                                     std::generic_category().message(error) + ".");
}

std::unexpected<Error> closed() {
  return fail(Code::unavailable,
              "It cannot be found out who you are: the connection was closed at your end.");
}

Result<std::optional<uid_t>> find_in_file(const char* path, const tcp::endpoint& peer,
                                          const tcp::endpoint& local) {
  std::ifstream file(path);
  if (!file && errno == ENOENT) return std::nullopt;  // a kernel without IPv6
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return unknown(errno);
  return find_tcp_uid(text.view(), peer, local);
}

// One exact question to the kernel instead of its whole table: who owns the TCP socket from `peer`
// to `local`? Nothing where the kernel cannot be asked so, or knows no such socket.
Result<std::optional<uid_t>> ask_kernel(const tcp::endpoint& peer, const tcp::endpoint& local,
                                        int family) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_family = static_cast<__u8>(family);
  question.body.sdiag_protocol = IPPROTO_TCP;
  auto& id = question.body.id;
  id.idiag_sport = htons(peer.port());
  id.idiag_dport = htons(local.port());
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const auto put = [family](const boost::asio::ip::address& address, __be32(&words)[4]) {
    if (family == AF_INET) {
      const auto bytes = address.to_v4().to_bytes();
      std::memcpy(words, bytes.data(), bytes.size());
    } else {
      const auto wide = address.is_v6() ? address.to_v6()
                                        : boost::asio::ip::make_address_v6(
                                              boost::asio::ip::v4_mapped, address.to_v4());
      const auto bytes = wide.to_bytes();
      std::memcpy(words, bytes.data(), bytes.size());
    }
  };
  put(peer.address(), id.idiag_src);
  put(local.address(), id.idiag_dst);

  const int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return std::nullopt;
  Result<std::optional<uid_t>> uid;
  alignas(nlmsghdr) char answer[4096];
  if (send(fd, &question, sizeof question, 0) == sizeof question) {
    const ssize_t size = recv(fd, answer, sizeof answer, 0);
    nlmsghdr header{};
    inet_diag_msg found{};
    if (size >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof found))) {
      std::memcpy(&header, answer, sizeof header);
      std::memcpy(&found, answer + NLMSG_HDRLEN, sizeof found);
      // For want of such a connection the kernel names the socket that listens at that port.
      const bool is_it = found.id.idiag_dport == id.idiag_dport && found.idiag_state != TCP_LISTEN;
      // Without an inode its process has closed it, and the kernel shows root as its user.
      if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && is_it)
        uid = found.idiag_inode != 0 ? Result<std::optional<uid_t>>(found.idiag_uid) : closed();
    }
  }
  close(fd);
  return uid;
}

std::optional<tcp::endpoint> endpoint_of(const sockaddr_storage& storage) {
  tcp::endpoint endpoint;
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return std::nullopt;
  std::memcpy(endpoint.data(), &storage, endpoint.capacity());
  endpoint.resize(storage.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (endpoint.address().is_v6() && endpoint.address().to_v6().is_v4_mapped()) {
    const auto plain =
        boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, endpoint.address().to_v6());
    return tcp::endpoint(plain, endpoint.port());
  }
  return endpoint;
}

// Asks the user database by `ask(buffer, size, &found)`, which gives an error number; null: it has
// no such entry.
template <class Entry, class Ask>
Result<const Entry*> look_up(std::vector<char>& buffer, Ask ask) {
  Entry* found = nullptr;
  buffer.resize(std::size_t{16} * 1024);
  for (;;) {
    const int error = ask(buffer.data(), buffer.size(), &found);
    // Several numbers say that there is none.
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
      return found;
    if (error != ERANGE && error != EINTR) return unknown(error);
    if (error == ERANGE) buffer.resize(buffer.size() * 2);
  }
}

Result<bool> is_member(const std::string& user, gid_t primary, const std::string& group_name) {
  if (group_name.empty()) return false;
  std::vector<char> buffer;
  group entry{};
  LLMSPOOL_TRY(found, look_up<group>(buffer, [&](char* room, std::size_t size, group** result) {
                 return getgrnam_r(group_name.c_str(), &entry, room, size, result);
               }));
  if (!found) return false;
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (getgrouplist(user.c_str(), primary, groups.data(), &count) < 0) {
    groups.resize(std::max(groups.size() * 2, static_cast<std::size_t>(count)));
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<std::size_t>(count));
  return std::ranges::find(groups, entry.gr_gid) != groups.end();
}

}  // namespace

Result<std::optional<uid_t>> find_tcp_uid(std::string_view table, const tcp::endpoint& peer,
                                          const tcp::endpoint& local) {
  const std::vector<std::string> peers = kernel_forms(peer), locals = kernel_forms(local);
  std::istringstream rows{std::string(table)};
  std::string row;
  while (std::getline(rows, row)) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
    std::istringstream fields(row);
    std::string number, from, to, state, queues, timer, retransmits, uid_text, timeout, inode;
    fields >> number >> from >> to >> state >> queues >> timer >> retransmits >> uid_text >>
        timeout >> inode;
    if (!fields || std::ranges::find(peers, from) == peers.end() ||
        std::ranges::find(locals, to) == locals.end()) {
      continue;
    }
    if (inode == "0") return closed();
    uid_t uid = 0;
    const auto [end, error] =
        std::from_chars(uid_text.data(), uid_text.data() + uid_text.size(), uid);
    if (error == std::errc() && end == uid_text.data() + uid_text.size()) return uid;
  }
  return std::nullopt;
}

Result<std::optional<uid_t>> peer_uid(int fd) {
  sockaddr_storage ours{}, theirs{};
  socklen_t ours_size = sizeof ours, theirs_size = sizeof theirs;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &ours_size) != 0) return unknown(errno);
  if (ours.ss_family == AF_UNIX) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return unknown(errno);
    return credentials.uid;
  }
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &theirs_size) != 0)
    return unknown(errno);
  const auto local = endpoint_of(ours), peer = endpoint_of(theirs);
  if (!local || !peer || !peer->address().is_loopback()) return std::nullopt;
  for (const int family : {AF_INET, AF_INET6}) {
    if (family == AF_INET && !peer->address().is_v4()) continue;
    LLMSPOOL_TRY(told, ask_kernel(*peer, *local, family));
    if (told) return told;
  }
  LLMSPOOL_TRY(uid, find_in_file("/proc/net/tcp", *peer, *local));
  if (uid) return uid;
  return find_in_file("/proc/net/tcp6", *peer, *local);
}

Result<spool::Caller> caller_of(std::optional<uid_t> uid, const std::string& admin_group) {
  spool::Caller caller;
  if (!uid) {
    caller.owner = "anonymous";
    return caller;
  }
  std::vector<char> buffer;
  passwd entry{};
  LLMSPOOL_TRY(found, look_up<passwd>(buffer, [&](char* room, std::size_t size, passwd** result) {
                 return getpwuid_r(*uid, &entry, room, size, result);
               }));
  caller.owner = found ? std::string(found->pw_name) : "uid:" + std::to_string(*uid);
  caller.admin = *uid == 0 || *uid == geteuid();
  if (caller.admin || !found) return caller;
  LLMSPOOL_TRY(admin, is_member(caller.owner, found->pw_gid, admin_group));
  caller.admin = admin;
  return caller;
}

}  // namespace llmspool::http
