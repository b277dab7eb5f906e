// SPDX-License-Identifier: MIT
// What `llmspool top` shows; see top_screen.hpp.
#include "top_screen.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "queue_text.hpp"
#include "text.hpp"

namespace llmspool::cli {
namespace {

constexpr std::size_t kFootLines = 2;
constexpr std::size_t kJobLinesMin = 2;  // the heading and a job

std::string id_of(const json::value& job) {
  return text_field(as_object(job), "job_id");
}

// "running", "#3" in the queue, "held".
Cell place_of(const json::object& job) {
  const auto status = text_field(job, "status");
  const auto position = text_field(job, "queue_position");
  if (status == "processing") return {"running", status_colour(status)};
  if (status == "pending") return {position.empty() ? "waiting" : '#' + position};
  return {status, status_colour(status)};
}

// A job that waits may have come some way before: it goes on there, but does not move now.
Cell progress_of(const json::object& job, const Terminal& terminal) {
  constexpr std::size_t kBarColumns = 10;
  const auto percent = integer_field(job, "progress").value_or(0);
  if (text_field(job, "status") != "processing") return {};
  auto number = std::to_string(percent) + '%';
  number.insert(0, 5 - std::min<std::size_t>(number.size(), 5), ' ');
  return {terminal.bar(percent, kBarColumns) + number, Colour::cyan};
}

std::string doing_of(const json::object& job) {
  const auto step = text_field(job, "current_step");
  return one_line((step.empty() ? "" : step + ": ") + text_field(job, "message"));
}

std::vector<std::string> job_lines(std::span<const json::value> jobs, std::string_view selected,
                                   const Terminal& terminal) {
  Table table({"JOB", "PLACE", "DONE", "LEFT", "PRIO", "OWNER", "BACKEND", "MODEL", "MESSAGE"});
  for (const auto& value : jobs) {
    const auto& job = as_object(value);
    const auto eta = integer_field(job, "eta_seconds");
    std::vector<Cell> row{{id_of(value)},
                          place_of(job),
                          progress_of(job, terminal),
                          {eta ? human_duration(*eta) : ""},
                          {text_field(job, "priority")},
                          {text_field(job, "owner")},
                          {text_field(job, "backend")},
                          {text_field(job, "model")},
                          {doing_of(job)}};
    // The whole line is shown reversed: colours within it would end that.
    if (id_of(value) == selected)
      for (auto& cell : row) cell.colour = Colour::none;
    table.add(std::move(row));
  }
  return table.lines(terminal);
}

// The jobs that `rows` lines have room for, the selected one among them.
std::span<const json::value> jobs_in_view(const json::array& jobs, std::string_view selected,
                                          std::size_t rows) {
  const auto at = static_cast<std::size_t>(
      std::distance(jobs.begin(), std::ranges::find(jobs, selected, id_of)));
  const auto first = at < jobs.size() && at >= rows ? at - rows + 1 : 0;
  return std::span(jobs).subspan(first, std::min(rows, jobs.size() - first));
}

// How many jobs the queue has beside those that were given, where these are as many as were asked
// for; those of others are among them.
std::size_t jobs_not_given(const json::object& queue) {
  const auto& jobs = array_field(queue, "jobs");
  const auto held = static_cast<std::size_t>(std::ranges::count_if(
      jobs, [](const auto& job) { return text_field(as_object(job), "status") == "held"; }));
  if (jobs.size() - held < kQueueJobsMax && held < kHeldJobsMax) return 0;
  std::size_t all = 0;
  for (const char* state : {"running", "waiting", "held"})
    all += static_cast<std::size_t>(integer_field(queue, state).value_or(0));
  return all - std::min(all, jobs.size());
}

std::string and_more(std::size_t count, const Terminal& terminal) {
  const auto text = "and " + std::to_string(count) + " more";
  return terminal.painted(clipped(text, terminal.width, terminal.ellipsis()), Colour::dim);
}

void append(std::vector<std::string>& lines, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(lines));
}

// In so many lines at most: where they are too few, the backends that have jobs come first.
std::vector<std::string> backend_lines(const json::array& backends, std::size_t room,
                                       const Terminal& terminal) {
  if (backends.size() + 1 <= room) return queue_backends_table(backends).lines(terminal);
  if (room < 3) return {};
  const auto has_jobs = [](const json::value& backend) {
    const auto& fields = as_object(backend);
    return integer_field(fields, "running").value_or(0) > 0 ||
           integer_field(fields, "waiting").value_or(0) > 0;
  };
  json::array shown;
  for (const bool busy : {true, false})
    for (const auto& backend : backends)
      if (has_jobs(backend) == busy && shown.size() < room - 2) shown.push_back(backend);
  auto lines = queue_backends_table(shown).lines(terminal);
  lines.push_back(and_more(backends.size() - shown.size(), terminal));
  return lines;
}

// What stands above the jobs. A low window takes it away, from its end, so that a job is shown.
std::vector<std::string> head_lines(const TopState& state, const Terminal& terminal) {
  const auto clip = [&](const std::string& text) {
    return clipped(one_line(text), terminal.width, terminal.ellipsis());
  };
  std::vector<std::string> lines{clip("llmspoold at " + state.address)};
  if (state.queue.empty()) return lines;
  const bool open = text_field(state.queue, "paused") != "true" &&
                    text_field(state.queue, "accepting") != "false";
  lines.push_back(
      terminal.painted(clip(describe_queue(state.queue)), open ? Colour::none : Colour::yellow));
  const auto kept = kJobLinesMin + kFootLines;
  const auto room = terminal.height - (terminal.height < kept ? 0 : kept);
  // Many backends leave at least half of the window to the jobs.
  const auto most = std::max<std::size_t>(terminal.height / 2, 6) - 3;
  const auto left = room - std::min(room, lines.size() + 2);  // between two blank lines
  auto backends =
      backend_lines(array_field(state.queue, "backends"), std::min(most, left), terminal);
  if (!backends.empty()) lines.emplace_back();
  append(lines, std::move(backends));
  lines.emplace_back();
  lines.resize(std::min(lines.size(), room));
  return lines;
}

std::vector<std::string> foot_lines(const TopState& state, const Terminal& terminal) {
  const auto clip = [&](const std::string& text) {
    return clipped(one_line(text), terminal.width, terminal.ellipsis());
  };
  const bool paused = text_field(state.queue, "paused") == "true";
  const std::string arrows = terminal.unicode ? "↑↓" : "j k";
  return {state.trouble.empty() ? clip(state.notice)
                                : terminal.painted(clip(state.trouble), Colour::red),
          terminal.painted(clip("q quit  p " + std::string(paused ? "resume" : "pause") + "  " +
                                arrows + " select  c cancel  h hold  r release  + - priority"),
                           Colour::dim)};
}

// How much of the text is the sequence of a key that has no meaning here: up to the letter or tilde
// that ends it or, of Alt and another key, that key. Nothing in it is a key of its own.
std::size_t sequence_length(std::string_view typed) {
  if (typed.starts_with("\x1b\x1b")) return 1;  // another begins
  if (!typed.starts_with("\x1b[") && !typed.starts_with("\x1bO"))
    return std::min<std::size_t>(typed.size(), 2);
  const auto* const end =
      std::ranges::find_if(typed.substr(2), [](char c) { return 0x40 <= c && c <= 0x7e; });
  return std::min(typed.size(), static_cast<std::size_t>(std::distance(typed.begin(), end)) + 1);
}

}  // namespace

std::vector<std::string> top_screen(const TopState& state, const Terminal& terminal) {
  auto lines = head_lines(state, terminal);
  const auto rows_max = job_rows(state, terminal);

  const auto& jobs = array_field(state.queue, "jobs");
  if (jobs.empty()) {
    if (!state.queue.empty()) lines.emplace_back("No job runs or waits.");
  } else if (rows_max > 0) {
    const auto shown = jobs_in_view(jobs, state.selected, rows_max);
    auto rows = job_lines(shown, state.selected, terminal);
    const auto selected = std::ranges::find(shown, state.selected, id_of);
    if (selected != shown.end()) {
      auto& row = rows[static_cast<std::size_t>(std::distance(shown.begin(), selected)) + 1];
      row += std::string(terminal.width - columns(row), ' ');
      row = terminal.painted(row, Colour::reversed);
    }
    append(lines, std::move(rows));
    const auto* const below = shown.data() + shown.size();
    const auto more =
        static_cast<std::size_t>(std::distance(below, jobs.end())) + jobs_not_given(state.queue);
    if (more > 0) lines.push_back(and_more(more, terminal));
  }

  lines.resize(terminal.height - std::min(terminal.height, kFootLines));
  append(lines, foot_lines(state, terminal));
  lines.resize(terminal.height);
  return lines;
}

std::size_t job_rows(const TopState& state, const Terminal& terminal) {
  const auto used = head_lines(state, terminal).size() + 1 + kFootLines;  // with the heading
  const auto rows = terminal.height - std::min(terminal.height, used);
  const auto jobs = array_field(state.queue, "jobs").size() + jobs_not_given(state.queue);
  return rows > 1 && jobs > rows ? rows - 1 : rows;  // the last one says how many more there are
}

std::string top_snapshot(const json::object& queue, const Terminal& terminal) {
  auto text = queue_text(queue, terminal);
  const auto& jobs = array_field(queue, "jobs");
  if (jobs.empty()) return text;
  text += '\n';
  for (const auto& line : job_lines(jobs, "", terminal)) text += line + '\n';
  if (const auto more = jobs_not_given(queue); more > 0) text += and_more(more, terminal) + '\n';
  return text;
}

std::string selection_after(const json::object& queue, std::string_view selected, int step) {
  const auto& jobs = array_field(queue, "jobs");
  if (jobs.empty()) return "";
  const auto* const found = std::ranges::find(jobs, selected, id_of);
  if (found == jobs.end()) return id_of(jobs.front());
  const auto last = static_cast<std::ptrdiff_t>(jobs.size()) - 1;
  const auto at = std::clamp<std::ptrdiff_t>(std::distance(jobs.begin(), found) + step, 0, last);
  return id_of(jobs[static_cast<std::size_t>(at)]);
}

const json::object& selected_job(const TopState& state) {
  static const json::value kNone;
  const auto& jobs = array_field(state.queue, "jobs");
  const auto* const found = std::ranges::find(jobs, state.selected, id_of);
  return as_object(found == jobs.end() ? kNone : *found);
}

std::vector<TopKey> top_keys(std::string_view typed) {
  using enum TopKey;
  constexpr std::array<std::pair<std::string_view, TopKey>, 17> kKeys{
      {{"\x1b[A", up},
       {"\x1bOA", up},
       {"k", up},
       {"\x1b[B", down},
       {"\x1bOB", down},
       {"j", down},
       {"\x1b[5~", page_up},
       {"\x1b[6~", page_down},
       {"q", quit},
       {"\x03", quit},
       {"p", pause},
       {"c", cancel},
       {"h", hold},
       {"r", release},
       {"+", raise},
       {"=", raise},  // the same key without shift
       {"-", lower}}};
  std::vector<TopKey> keys;
  while (!typed.empty()) {
    const auto* const known =
        std::ranges::find_if(kKeys, [&](const auto& key) { return typed.starts_with(key.first); });
    std::size_t length = 1;
    if (known != kKeys.end()) {
      keys.push_back(known->second);
      length = known->first.size();
    } else if (typed.starts_with('\x1b')) {
      length = sequence_length(typed);
    }
    typed.remove_prefix(length);
  }
  return keys;
}

}  // namespace llmspool::cli
