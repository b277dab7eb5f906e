// SPDX-License-Identifier: MIT
#include "http/api/outcomes.hpp"

#include <utility>

#include "http/problem.hpp"

namespace llmspool::http {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

std::string beginning_of(std::int64_t line) {
  return "{\"line\":" + std::to_string(line);
}

}  // namespace

void Runs::put(const Run& run) {
  write(run.line - put_.line);
  write(run.id - put_.id);
  write(2 * run.count + (run.replayed ? 1 : 0));
  put_ = {.line = run.line + run.count, .id = run.id + run.count};
}

Run Runs::take() {
  if (next_ == bytes_.size()) return {};
  Run run = taken_;
  run.line += read();
  run.id += read();
  const std::int64_t count = read();
  run.count = count / 2;
  run.replayed = count % 2 == 1;
  taken_ = {.line = run.line + run.count, .id = run.id + run.count};
  return run;
}

// Seven bits a byte, the lowest first; the eighth says that more follow.
void Runs::write(std::int64_t number) {
  auto rest = static_cast<std::uint64_t>(number);
  for (; rest >= 0x80; rest >>= 7) bytes_ += static_cast<char>(rest | 0x80);
  bytes_ += static_cast<char>(rest);
}

std::int64_t Runs::read() {
  std::uint64_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes_[next_++]);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(number);
  }
}

void Outcomes::accepted(std::int64_t line, job::JobId id, bool replayed) {
  if (line != last_.line + last_.count || id != last_.id + last_.count ||
      replayed != last_.replayed) {
    end_run();
    last_ = {.line = line, .id = id, .replayed = replayed};
  }
  ++last_.count;
}

void Outcomes::refused(std::int64_t line, const Error& error) {
  problems_.push_back({line, boost::json::serialize(problem_document(error))});
  problem_bytes_ += problems_.back().text.size();
}

std::string Outcomes::take() {
  end_run();
  std::string text;
  while (text.size() < kPieceBytes) {
    if (given_.count == 0) given_ = runs_.take();
    const bool more_problems = problems_given_ < problems_.size();
    const bool more_jobs = given_.count > 0;
    if (more_problems && (!more_jobs || problems_[problems_given_].line < given_.line)) {
      const auto& [line, problem] = problems_[problems_given_++];
      text += beginning_of(line) + ",\"error\":" + problem + "}\n";
    } else if (more_jobs) {
      text += beginning_of(given_.line++) + ",\"job_id\":\"" + std::to_string(given_.id++) + '"';
      text += given_.replayed ? ",\"replayed\":true}\n" : "}\n";
      --given_.count;
    } else {
      break;
    }
  }
  return text;
}

void Outcomes::end_run() {
  if (last_.count > 0) runs_.put(last_);
  last_ = {};
}

}  // namespace llmspool::http
