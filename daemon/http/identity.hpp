// SPDX-License-Identifier: MIT
// Who is at the other end of a connection: the user whose process it is, by the kernel's word.
// These calls read the disk and the user database; they block.
#pragma once

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "spool/spool.hpp"

namespace llmspool::http {

// The user of the process that holds the other end of the connected socket `fd`, a Unix one or a
// TCP one on this machine; nothing if the kernel knows of none. Code::unavailable if it cannot be
// asked now, as when there is no descriptor left, or if that process has closed its end already.
Result<std::optional<uid_t>> peer_uid(int fd);

// The same from the text of /proc/net/tcp or /proc/net/tcp6: the user in the row whose local
// address is `peer` and whose remote one is `local`. A row without an inode is a socket that its
// process has closed already; the kernel then shows root as its user.
Result<std::optional<uid_t>> find_tcp_uid(std::string_view table,
                                          const boost::asio::ip::tcp::endpoint& peer,
                                          const boost::asio::ip::tcp::endpoint& local);

// Root, the daemon's own user and the members of `admin_group` are administrators. A user without
// a name is "uid:N"; an unknown peer is "anonymous". Code::unavailable if the user database cannot
// be read now.
Result<spool::Caller> caller_of(std::optional<uid_t> uid, const std::string& admin_group);

}  // namespace llmspool::http
