// SPDX-License-Identifier: MIT
// The echo backend: streams its prompt back at a set speed and fails in every way a backend can
// fail, so that queues, clients and plugin hosts can be tried out without a model.
#include <llmspool/plugin.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using llmspool::Failure;
using llmspool::Phase;
using llmspool::Type;
using llmspool::Verdict;

constexpr auto kPollInterval = std::chrono::milliseconds(10);
constexpr std::string_view kBlanks = " \t\r\n";

// False if the work was cancelled before `end` came.
bool wait_until(Clock::time_point end, const llmspool::Run& run) {
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    if (run.cancelled()) return false;
    std::this_thread::sleep_for(std::min<Clock::duration>(end - now, kPollInterval));
  }
  return !run.cancelled();
}

Clock::time_point after(Clock::time_point start, double seconds) {
  constexpr double kLongest = 1e8;  // which the clock can still count
  return start + std::chrono::duration_cast<Clock::duration>(Seconds(std::min(seconds, kLongest)));
}

// Words with the blanks that follow them; blanks before the first word are a token of their own.
std::vector<std::string_view> split_tokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  while (!text.empty()) {
    const auto blank = text.find_first_of(kBlanks);
    const auto next = blank == text.npos ? text.npos : text.find_first_not_of(kBlanks, blank);
    tokens.push_back(text.substr(0, next));
    text.remove_prefix(tokens.back().size());
  }
  return tokens;
}

std::string from_hex(std::string_view hex) {
  const auto is_digit = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (hex.size() % 2 != 0 || !std::all_of(hex.begin(), hex.end(), is_digit))
    throw Failure::invalid("The param \"bytes\" must be pairs of hexadecimal digits");
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

[[noreturn]] void fail(std::string_view answer) {
  using namespace std::string_literals;
  constexpr std::pair<std::string_view, Verdict> kAnswers[] = {
      {"failed", Verdict::failed},         {"retry_later", Verdict::retry_later},
      {"retry_now", Verdict::retry_now},   {"hold", Verdict::hold},
      {"stop_queue", Verdict::stop_queue},
  };
  const auto message = "The job asked echo to answer "s.append(answer);
  if (answer == "invalid") throw Failure::invalid(message);
  if (answer == "credentials_needed") throw Failure::credentials_needed(message, "echo.key");
  for (const auto& [name, verdict] : kAnswers)
    if (name == answer) throw Failure(message, verdict);
  throw Failure(message + ", which is no answer it knows");
}

// Breaks in the way that the job's params ask for, if this attempt is one that shall break.
void break_as_asked(const llmspool::Request& request) {
  const auto params = request.params();
  const auto attempts = params.number("fail_attempts");
  if (attempts && request.attempt() > *attempts) return;
  if (params.boolean("crash").value_or(false)) std::abort();
  if (const auto answer = params.text("fail"); answer && *answer != "done") fail(*answer);
}

// What to stream: the prompt or the given bytes, up to the first of the stop texts.
std::string answer_to(const llmspool::Request& request) {
  const auto bytes = request.params().text("bytes");
  std::string text = bytes ? from_hex(*bytes) : std::string(request.prompt());
  for (const auto stop : request.params().texts("stop"))
    if (!stop.empty()) text.resize(std::min(text.find(stop), text.size()));
  return text;
}

// Keeps nothing between calls, so any number of threads may generate at once.
class Echo final : public llmspool::Backend {
 public:
  std::vector<llmspool::Model> models() override { return {{.id = "echo", .is_default = true}}; }

  Verdict generate(const llmspool::Request& request, const llmspool::Run& run) override {
    const auto params = request.params();
    const double stall = params.number("stall_seconds").value_or(0);
    if (!wait_until(after(Clock::now(), stall), run)) return Verdict::cancelled;
    break_as_asked(request);

    const std::string text = answer_to(request);
    const auto tokens = split_tokens(text);
    const auto prompt_size = split_tokens(request.prompt()).size();
    const double limit = params.number("max_tokens").value_or(0);
    const bool cut = limit > 0 && limit < static_cast<double>(tokens.size());
    const auto total = cut ? static_cast<std::size_t>(limit) : tokens.size();
    const double speed = params.number("tokens_per_second").value_or(0);

    run.progress(Phase::prompt, prompt_size, prompt_size);
    run.usage(prompt_size, 0);
    const auto start = Clock::now();
    for (std::size_t done = 0; done < total;) {
      const double due_seconds = speed > 0 ? static_cast<double>(done + 1) / speed : 0;
      if (!wait_until(after(start, due_seconds), run)) return Verdict::cancelled;
      run.emit(tokens[done++]);
      run.usage(prompt_size, done);
      run.progress(Phase::generate, done, total);
    }
    run.finish_reason(cut ? "length" : "stop");
    return Verdict::done;
  }
};

constexpr llmspool::PluginInfo kInfo{.id = "org.llmspool.echo", .name = "Echo", .version = "1.0.0"};

auto offer() {
  constexpr double kDay = 86400;
  return llmspool::backend<Echo>(
      "echo", "Echo", "Streams the prompt back, or fails as asked",
      {.concurrent = true,
       .last_choice = true,
       .params = {
           {"tokens_per_second", Type::number, "Words a second; 0, the default: no limit", 0, 1e6},
           {"stall_seconds", Type::number, "Waits this long before the first word", 0, kDay},
           {"fail", Type::text, "The answer to give instead of a text", 0, 0,
            "done|failed|invalid|retry_later|retry_now|hold|stop_queue|credentials_needed"},
           {"fail_attempts", Type::integer,
            "How many attempts fail or crash before one works; default: all", 0, 1e6},
           {"crash", Type::boolean, "Aborts the process"},
           {"bytes", Type::text, "Streams these bytes, given in hexadecimal, not the prompt"},
       }});
}

}  // namespace

LLMSPOOL_PLUGIN(kInfo, offer());
