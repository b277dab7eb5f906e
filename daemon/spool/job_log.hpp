// SPDX-License-Identifier: MIT
// The story of each job for operators: one structured log line an event, progress at most once a
// second and every five percent. Never a prompt or an answer.
#pragma once

#include <mutex>
#include <unordered_map>

#include "job/job.hpp"

namespace llmspool::spool {

class JobLog {
 public:
  void write(const job::Job& job, const std::vector<job::Event>& events);  // any thread

 private:
  struct Last {
    int progress = 0;
    Time at{};
  };
  // Whether this progress is worth a line.
  bool tells(const job::Job& job, const job::Event& event);

  std::mutex mutex_;
  std::unordered_map<job::JobId, Last> last_;
};

}  // namespace llmspool::spool
