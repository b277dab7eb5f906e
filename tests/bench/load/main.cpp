// SPDX-License-Identifier: MIT
// The load generator: puts one kind of load on a queue and prints what it measured as JSON.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bulk.hpp"
#include "client.hpp"

namespace {

using Arguments = std::vector<std::string>;
using Clock = std::chrono::steady_clock;
using bench::Load;

constexpr auto kPollInterval = std::chrono::milliseconds(2);

std::size_t number(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void print(Load load) {
  auto& times = load.latencies_ms;
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf(R"({"per_second":%.1f,"p50_ms":%.4f,"p99_ms":%.4f})"
              "\n",
              static_cast<double>(times.size()) / load.seconds, at(0.5), at(0.99));
}

// FILE TIMES: a 4 KiB append and its fdatasync, as a database's log does it.
void sync(const Arguments& arguments) {
  const std::string block(4096, 'x');
  const int file = ::open(arguments[0].c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) bench::die(arguments[0]);
  Load load;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < number(arguments[1]); ++i) {
    const auto one = Clock::now();
    if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0)
      bench::die(arguments[0]);
    load.latencies_ms.push_back(seconds_since(one) * 1e3);
  }
  load.seconds = seconds_since(begin);
  ::close(file);
  print(std::move(load));
}

// SOCKET TARGET BODY CONNECTIONS TIMES: submits.
void submit(const Arguments& arguments) {
  print(bench::run(arguments[0], bench::http_exchange("POST", arguments[1], arguments[2]),
                   number(arguments[3]), number(arguments[4])));
}

// PORT BODY CONNECTIONS TIMES: beanstalkd's submits.
void put(const Arguments& arguments) {
  print(bench::run(arguments[0], bench::beanstalkd_put(arguments[1]), number(arguments[2]),
                   number(arguments[3])));
}

std::size_t completed(int socket) {
  constexpr std::string_view kField = R"("completed":)";
  static const auto exchange = bench::http_exchange("GET", "/api/health", "");
  const auto answer = bench::ask(socket, exchange);
  const auto at = answer.find(kField);
  if (at == answer.npos) bench::die("health does not count jobs: " + answer);
  return number(answer.substr(at + kField.size()));
}

// SOCKET BODY CONNECTIONS TIMES: submits, until all of them are completed.
void complete(const Arguments& arguments) {
  const int socket = bench::connect_to(arguments[0]);
  const auto total = number(arguments[3]);
  const auto wanted = completed(socket) + total;
  const auto begin = Clock::now();
  bench::run(arguments[0], bench::http_exchange("POST", "/api/jobs", arguments[1]),
             number(arguments[2]), total);
  while (completed(socket) < wanted) std::this_thread::sleep_for(kPollInterval);
  std::printf("{\"per_second\":%.1f}\n", static_cast<double>(total) / seconds_since(begin));
}

// SOCKET BACKEND TIMES: lets a paused backend go until that many jobs are completed.
void drain(const Arguments& arguments) {
  const int socket = bench::connect_to(arguments[0]);
  const auto change = [&](std::string_view action) {
    const auto target = std::string("/api/queue/").append(action) + "?backend=" + arguments[1];
    bench::ask(socket, bench::http_exchange("POST", target, ""));
  };
  const auto before = completed(socket);
  const auto begin = Clock::now();
  change("resume");
  auto done = completed(socket);
  for (; done < before + number(arguments[2]); done = completed(socket))
    std::this_thread::sleep_for(kPollInterval);
  const auto seconds = seconds_since(begin);
  change("pause");
  std::printf("{\"per_second\":%.1f}\n", static_cast<double>(done - before) / seconds);
}

// SOCKET LINE TIMES: one bulk request of that many lines.
void bulk(const Arguments& arguments) {
  const auto lines = number(arguments[2]);
  const auto begin = Clock::now();
  bench::send_bulk(arguments[0], arguments[1], lines);
  std::printf("{\"per_second\":%.1f}\n", static_cast<double>(lines) / seconds_since(begin));
}

struct Command {
  std::size_t arguments;
  void (*run)(const Arguments&);
};

const std::map<std::string_view, Command> kCommands{
    {"sync", {2, sync}},         {"submit", {5, submit}}, {"put", {4, put}},
    {"complete", {4, complete}}, {"bulk", {3, bulk}},     {"drain", {3, drain}},
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + std::min(argc, 2), argv + argc);
  const auto command = kCommands.find(argc > 1 ? argv[1] : "");
  if (command == kCommands.end() || command->second.arguments != arguments.size()) {
    std::fprintf(stderr, "load: sync|submit|put|complete|drain|bulk ARGUMENTS (see the source)\n");
    return 2;
  }
  command->second.run(arguments);
}
