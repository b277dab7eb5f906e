// SPDX-License-Identifier: MIT
// The queue, as GET /api/queue gives it, in words and tables.
#pragma once

#include <optional>
#include <string>

#include "json.hpp"
#include "table.hpp"

namespace llmspool::cli {

// "The queue takes jobs and runs them: 2 running, 13 waiting, 0 held."
std::string describe_queue(const json::object& queue);

// "Backend echo, 2 of 4 running, 13 waiting: ready."
std::string describe_queue_backend(const json::object& backend);

// "Job 5 waits for backend echo: paused.", where the queue or that backend starts no jobs just now.
std::optional<std::string> describe_standstill(const json::object& queue, const json::object& job);

Table queue_backends_table(const json::array& backends);

// Both; what `llmspool queue` prints.
std::string queue_text(const json::object& queue, const Terminal& terminal);

}  // namespace llmspool::cli
