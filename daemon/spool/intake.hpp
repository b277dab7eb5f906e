// SPDX-License-Identifier: MIT
// From what a client asks for to a job that the spool takes: names are looked up, inputs and params
// checked, defaults filled in.
#pragma once

#include "pipeline/library.hpp"
#include "plugin/registry.hpp"
#include "spool/spool.hpp"

namespace llmspool::spool {

// The errors name the field of the request that is wrong and what would be right.
Result<store::Submission> take_in(const Caller& caller, Submission submission,
                                  const plugin::Registry& plugins,
                                  const pipeline::Library& pipelines, std::size_t input_bytes_max,
                                  Time now);
// At most limits::kDelayMax ahead, and before its deadline.
Result<void> check_not_before(const job::Job& job, Time now);
// Whether all the job's backends are there and one of them has its model.
Result<void> check_target(const job::Job& job, const plugin::Registry& plugins);

}  // namespace llmspool::spool
