// SPDX-License-Identifier: MIT
#include "store/sqlite/space.hpp"

#include <sys/statvfs.h>

#include <limits>

namespace llmspool::store::sqlite {
namespace {

// On its way into the database a job stands in the log too.
constexpr std::int64_t kCopies = 2;
constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;

std::int64_t number_of(Database& database, std::string_view pragma) {
  Query row = database.query(pragma);
  return row.next() ? row.number(0) : 0;
}

std::string mib(std::int64_t bytes) {
  return std::to_string(bytes / kMebibyte) + " MiB";
}

}  // namespace

std::int64_t bytes_used(Database& database) {
  return (number_of(database, "PRAGMA page_count") - number_of(database, "PRAGMA freelist_count")) *
         number_of(database, "PRAGMA page_size");
}

std::int64_t bytes_free(const std::filesystem::path& file) {
  struct statvfs about{};
  if (statvfs(file.c_str(), &about) != 0) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(about.f_bavail) * static_cast<std::int64_t>(about.f_frsize);
}

Result<void> Space::check(Database& database, std::int64_t more) {
  if (limits_.bytes_max <= 0 && limits_.free_bytes_min <= 0) return {};
  if (!looked_) {
    used_ = limits_.bytes_max > 0 ? bytes_used(database) : 0;
    free_ = limits_.free_bytes_min > 0 ? bytes_free_(database.file()) : 0;
    taken_ = 0;
    looked_ = true;
  }
  if (limits_.bytes_max > 0 && used_ + taken_ + more > limits_.bytes_max)
    return fail(Code::no_space, "The spool is full: its jobs take " + mib(used_) + " of the " +
                                    mib(limits_.bytes_max) +
                                    " that [state] bytes_max allows. Delete ended jobs, or try "
                                    "again when some have been removed.");
  if (limits_.free_bytes_min > 0 && free_ - kCopies * (taken_ + more) < limits_.free_bytes_min)
    return fail(Code::no_space, "The disk of the spool is nearly full: " + mib(free_) +
                                    " are free, and " + mib(limits_.free_bytes_min) +
                                    " are kept free for the jobs that run ([state] "
                                    "free_bytes_min). Free some space, or try again later.");
  taken_ += more;
  return {};
}

}  // namespace llmspool::store::sqlite
