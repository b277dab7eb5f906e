// SPDX-License-Identifier: MIT
// One running step: what its plugin reports, collected on the plugin's threads and taken by the
// spool's loop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "pipeline/plan.hpp"
#include "plugin/backend.hpp"

namespace llmspool::spool {

class StepCall final : public plugin::Sink {
 public:
  // `activity` is called from any thread when there is something new to take; not again before
  // take_text() or progress has been looked at through listen().
  StepCall(job::JobId job_id, const pipeline::Step& step, std::function<void()> activity);

  // Sink; any thread.
  bool cancelled() const override { return cancelled_; }
  void begin_request() override;
  void emit(std::string_view text) override;
  void progress(int phase, std::uint64_t done, std::uint64_t total) override;
  void usage(std::uint64_t prompt_tokens, std::uint64_t completion_tokens) override;
  void finish_reason(std::string_view reason) override;
  void log(int priority, std::string_view message) override;

  void turn_to_backend();  // which may have no place yet
  void end_request();      // the backend has answered
  // While its prompt is prepared, what is told of progress is not that of the step.
  void prepare(bool prepares) { prepares_ = prepares; }
  void show_life();           // its text comes, though it goes elsewhere
  void see_phase(int phase);  // whether it waits for other work

  // The loop's side.
  void cancel();
  void listen();            // the next activity is told again
  std::string take_text();  // what came since the last time, whole UTF-8 characters only
  std::string take_rest();  // the same at the end: what is no UTF-8 is replaced
  const std::string& text() const { return text_; }  // all that was taken
  bool too_long() const { return too_long_; }
  double fraction() const;      // how far the step is, 0 to 1
  std::string message() const;  // for people: the step's label and what it does now
  job::Usage usage() const;     // of all requests
  std::int64_t requests() const;
  bool is_with_backend() const;  // it works for the step, or the step waits for that
  bool asking() const;           // the last request is under way
  std::string finish_reason() const;
  struct Signs {
    std::int64_t requests = 0;  // so far
    std::int64_t waits = 0;     // for other work, that are over
    bool asking = false;
    bool alive = false;  // text of it came since the last look
  };
  Signs take_signs();

 private:
  void tell();
  bool keep(std::string_view piece);  // false: no more is taken

  const job::JobId job_id_;
  const std::string step_, label_;
  const std::function<void()> activity_;

  std::atomic<bool> cancelled_ = false, told_ = false, too_long_ = false, prepares_ = false;
  std::atomic<int> phase_ = 0;
  std::atomic<std::uint64_t> done_ = 0, total_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string buffer_;  // emitted and not taken
  std::size_t emitted_ = 0;
  std::string finish_reason_ = "stop";
  job::Usage usage_before_, usage_;  // of the requests before the last, and of that one
  Signs signs_;
  bool with_backend_ = false, waits_ = false;
  std::string text_;  // of the loop alone
};

}  // namespace llmspool::spool
