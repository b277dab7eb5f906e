// SPDX-License-Identifier: MIT
// Brings llama.cpp's log lines to a host's log.
#pragma once

#include <llmspool/plugin.hpp>

#include <string>

namespace llmspool::llamacpp {

// llama.cpp has one log for the whole process, so the newest route of those that live gets it.
// Informational lines arrive as debug ones. [any]
class LogRoute {
 public:
  explicit LogRoute(Host host);
  ~LogRoute();
  LogRoute(const LogRoute&) = delete;
  LogRoute& operator=(const LogRoute&) = delete;

  // From now on all that the calling thread causes is logged as debug: whoever calls llama.cpp
  // there reports what is wrong itself, and an interrupted computation is nothing wrong.
  static void quieten_this_thread();

  // The last error line that llama.cpp has written; empty if there was none yet.
  static std::string last_error();
  // The first that it has written on this thread since the errors were forgotten, which tells the
  // cause of those that follow.
  static std::string first_error();
  static void forget_errors();

 private:
  Host host_;
};

}  // namespace llmspool::llamacpp
