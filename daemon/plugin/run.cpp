// SPDX-License-Identifier: MIT
#include "plugin/run.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/text.hpp"

namespace llmspool::plugin {
namespace {

Sink& sink_of(const llmspool_run_t* run) {
  return *static_cast<Sink*>(run->host_data);
}
std::string_view view(llmspool_str_t text) {
  return {text.data, text.size};
}

// A text that a plugin left in one of the error's arrays.
template <std::size_t size>
std::string text_of(const char (&array)[size]) {
  return repaired_utf8({array, ::strnlen(array, size)});
}

}  // namespace

llmspool_run_t run_for(Sink& sink) {
  return {
      .struct_size = sizeof(llmspool_run_t),
      .host_data = &sink,
      .cancelled = [](const llmspool_run_t* run) { return sink_of(run).cancelled(); },
      .emit = [](const llmspool_run_t* run, llmspool_str_t text) { sink_of(run).emit(view(text)); },
      .progress = [](const llmspool_run_t* run, int32_t phase, uint64_t done,
                     uint64_t total) { sink_of(run).progress(phase, done, total); },
      .usage =
          [](const llmspool_run_t* run, uint64_t prompt_tokens, uint64_t completion_tokens) {
            sink_of(run).usage(prompt_tokens, completion_tokens);
          },
      .finish_reason = [](const llmspool_run_t* run,
                          llmspool_str_t reason) { sink_of(run).finish_reason(view(reason)); },
      .log = [](const llmspool_run_t* run, int32_t priority,
                llmspool_str_t message) { sink_of(run).log(priority, view(message)); },
  };
}

log::Level level_of(int32_t priority) {
  if (priority <= LLMSPOOL_LOG_ERROR) return log::Level::error;
  if (priority == LLMSPOOL_LOG_WARNING) return log::Level::warning;
  return priority <= LLMSPOOL_LOG_INFO ? log::Level::info : log::Level::debug;
}

llmspool_error_t empty_error() {
  llmspool_error_t error{};
  error.struct_size = sizeof error;
  return error;
}

Ending ending_of(llmspool_verdict_t verdict, const llmspool_error_t& error) {
  static_assert(static_cast<int>(Verdict::cancelled) == LLMSPOOL_CANCELLED);
  Ending ending{.verdict = Verdict::failed,
                .message = text_of(error.message),
                .blames_request = verdict == LLMSPOOL_FAILED && error.status == LLMSPOOL_INVALID,
                .retry_after_seconds = error.retry_after_seconds,
                .credential = text_of(error.credential)};
  if (verdict >= LLMSPOOL_DONE && verdict <= LLMSPOOL_CANCELLED)
    ending.verdict = static_cast<Verdict>(verdict);
  else
    ending.message = fmt::format("the plugin answered {}, which is no verdict", verdict);
  if (ending.message.empty() && ending.verdict != Verdict::done)
    ending.message = "the plugin gave no reason";
  return ending;
}

}  // namespace llmspool::plugin
