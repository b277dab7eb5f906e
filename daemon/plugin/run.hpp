// SPDX-License-Identifier: MIT
// The ABI's view of one piece of running work, over a Sink.
#pragma once

#include <llmspool/plugin.h>

#include "base/log.hpp"
#include "plugin/backend.hpp"

namespace llmspool::plugin {

// `sink` outlives it.
llmspool_run_t run_for(Sink& sink);

// A plugin's log priority, one of syslog's, as a level of ours.
log::Level level_of(int32_t priority);

// An error for a plugin to fill in.
llmspool_error_t empty_error();
// What a plugin's answer means; a verdict that is none of the ABI's is a failure that says so.
Ending ending_of(llmspool_verdict_t verdict, const llmspool_error_t& error);

}  // namespace llmspool::plugin
