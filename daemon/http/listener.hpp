// SPDX-License-Identifier: MIT
// Listening sockets: made from a path or an address, or taken over from systemd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "http/guard.hpp"

namespace llmspool::http {

// Owns the descriptor, and the socket's file where it made one.
class Listener {
 public:
  // Replaces a socket file that nobody listens on; refuses any other file and one in use. The
  // file's mode is 0660; its directory is made where it is missing.
  static Result<Listener> on_path(const std::string& path);
  // "127.0.0.1:7741", "[::1]:7741", "localhost:7741"; port 0: any free one. Loopback only.
  static Result<Listener> on_address(const std::string& address);
  // A listening socket made by another; its file, if any, is not ours to remove.
  static Result<Listener> from_fd(int fd);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) = delete;
  ~Listener();

  int fd() const { return fd_; }
  int family() const { return family_; }
  Transport transport() const;
  std::uint16_t port() const { return port_; }       // 0 on a Unix socket
  const std::string& name() const { return name_; }  // for people
  // Gives the descriptor to another owner; the file stays ours.
  int release_fd();
  void remove_file();  // if we made one and it is still ours

 private:
  Listener() = default;

  int fd_ = -1, family_ = 0;
  std::uint16_t port_ = 0;
  std::string name_;
  std::string path_;  // of the file to remove; empty: none
  dev_t device_ = 0;  // of that file, so that nobody else's is removed
  ino_t inode_ = 0;
};

}  // namespace llmspool::http
