// SPDX-License-Identifier: MIT
// How a watched job is shown: as JSON, as lines, or as bars on a terminal.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "json.hpp"
#include "terminal.hpp"

namespace llmspool::cli {

class View {
 public:
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  virtual ~View() = default;

  // The next event of the job, in order, each once.
  virtual void show(const json::object& event) = 0;
  // Where the job stands in the queue: {"queue_position", "eta_seconds"}. No event of the job's
  // log.
  virtual void show_place(const json::object& place) = 0;
  // A sentence that is not from the job: the connection was lost.
  virtual void notice(const std::string& sentence) = 0;
};

// One event a line; notices go to `err`.
std::unique_ptr<View> make_json_view(std::ostream& out, std::ostream& err);

// One change a line. `err` gets notices and, for a prompt job, whose text is what `out` is for, the
// lines too.
std::unique_ptr<View> make_line_view(std::ostream& out, std::ostream& err, bool prompt_job);

// A bar for each step, redrawn in place; the text of a prompt job as it comes.
std::unique_ptr<View> make_bar_view(std::ostream& out, const Terminal& terminal, bool prompt_job);

}  // namespace llmspool::cli
