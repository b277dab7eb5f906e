// SPDX-License-Identifier: MIT
// How long jobs have taken, by backend, model and pipeline: recent ones count most. Any thread may
// ask, one at a time may teach; guarded by its owner.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "job/job.hpp"

namespace llmspool::spool {

class History {
 public:
  // A job that has ended, and how long it ran. Only one that completed the first time that it was
  // started tells how long such a job takes.
  void learn(const job::Job& job, Milliseconds took);
  // In seconds; that of all jobs of the backend where there has been none like this one.
  std::optional<double> expected(const job::Job& like) const {
    return expected(like.backend, like.model, like.pipeline);
  }
  std::optional<double> expected(const std::string& backend, const std::string& model,
                                 const std::string& pipeline) const;
  std::optional<double> expected(const std::string& backend) const;

 private:
  std::map<std::string, double, std::less<>> seconds_;  // by a key of its parts
};

}  // namespace llmspool::spool
