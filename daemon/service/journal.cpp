// SPDX-License-Identifier: MIT
#include "service/journal.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION  // it would always be the line below that sends
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "service/terminal.hpp"

namespace llmspool::service {
namespace {

constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

log::Level level_of(const std::string& name) {
  if (name == "error") return log::Level::error;
  if (name == "warning") return log::Level::warning;
  if (name == "debug") return log::Level::debug;
  return log::Level::info;
}

// As systemd reads priorities from what a service writes to its standard error.
void write_prefixed(const log::Record& record) {
  std::fprintf(stderr, "<%d>%s\n", static_cast<int>(record.level), terminal_line(record).c_str());
}

void send_to_journal(const log::Record& record) {
  const std::vector<std::string> fields = journal_fields(record);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (const std::string& field : fields)
    parts.push_back({const_cast<char*>(field.data()), field.size()});  // iovec knows no const
  if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) < 0) write_prefixed(record);
}

}  // namespace

void install_log(const config::Config::Log& log) {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): no threads
  const bool is_connected = stream != nullptr && is_journal_stream(stream, STDERR_FILENO);
  const bool is_wanted = log.target == "journal" || (log.target == "auto" && is_connected);
  const bool is_there = access(kJournalSocket, W_OK) == 0;
  log::set_sink(is_wanted && is_there ? journal_sink() : terminal_sink(), level_of(log.level));
  if (is_wanted && !is_there)
    log::warning("There is no journal to write to; the log goes to standard error.");
}

void set_log_level(const config::Config::Log& log) {
  log::set_level(level_of(log.level));
}

std::vector<std::string> journal_fields(const log::Record& record) {
  std::vector<std::string> fields{
      "MESSAGE=" + std::string(record.message),
      "PRIORITY=" + std::to_string(static_cast<int>(record.level)),
      "SYSLOG_IDENTIFIER=llmspoold",
  };
  for (const auto& [name, value] : record.fields)
    fields.push_back((name == "MESSAGE_ID" ? "" : "LLMSPOOL_") + std::string(name) + "=" + value);
  return fields;
}

std::function<void(const log::Record&)> journal_sink() {
  return send_to_journal;
}

bool is_journal_stream(const std::string& journal_stream, int fd) {
  struct stat file{};
  return fstat(fd, &file) == 0 &&
         journal_stream == std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
}

}  // namespace llmspool::service
