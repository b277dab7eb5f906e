// SPDX-License-Identifier: MIT
// A configured backend as the spool sees it. Behind this interface stands a plugin in this process;
// one in a process of its own implements the same.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/job.hpp"
#include "plugin/params.hpp"

namespace llmspool::plugin {

enum class Verdict {
  done,
  failed,
  retry_later,
  retry_now,
  hold,
  stop_queue,
  credentials_needed,
  cancelled
};

// How a piece of work ended.
struct Ending {
  Verdict verdict = Verdict::done;
  std::string message = {};        // why, unless done
  bool blames_request = false;     // with failed: the backend has done nothing wrong
  double retry_after_seconds = 0;  // with retry_later; 0: up to us
  std::string credential = {};     // with credentials_needed
};

// How often it is looked at whether work that waits has been cancelled.
inline constexpr std::chrono::milliseconds kCancelPoll{50};

// What running work reports. Implemented by the spool; calls may come from any thread.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool cancelled() const = 0;
  virtual void begin_request() = 0;  // the backend is asked now, before that it had no place
  virtual void emit(std::string_view text) = 0;  // may block while the spool is behind
  virtual void progress(int phase, std::uint64_t done, std::uint64_t total) = 0;
  virtual void usage(std::uint64_t prompt_tokens, std::uint64_t completion_tokens) = 0;
  virtual void finish_reason(std::string_view reason) = 0;
  virtual void log(int priority, std::string_view message) = 0;
};

struct GenerateRequest {
  job::JobId job_id = 0;
  std::string step;
  int attempt = 1;
  std::string model;
  std::vector<job::Message> messages;
  boost::json::object params;
};

struct Model {
  std::string id;
  std::uint64_t size_bytes = 0;
  std::uint32_t context_tokens = 0;
  bool loaded = false, is_default = false;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Facts; any thread.
  virtual const std::string& id() const = 0;  // the configured name
  virtual const std::string& name() const = 0;
  virtual const std::string& description() const = 0;
  virtual int concurrency() const = 0;
  virtual const std::vector<Parameter>& params() const = 0;  // all that a job may give
  virtual Result<std::vector<Model>> models() const = 0;     // looks at the disk, loads nothing

  // Blocks until the work has ended; any thread, calls above concurrency() wait. Starts the
  // plugin at the first call.
  virtual Ending generate(const GenerateRequest& request, Sink& sink) = 0;
};

}  // namespace llmspool::plugin
