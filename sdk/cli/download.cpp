// SPDX-License-Identifier: MIT
// What a GET gives, in a file; see download.hpp.
#include "download.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "new_file.hpp"

namespace llmspool::cli {
namespace {

namespace fs = std::filesystem;

bool is_written_through(const std::string& path) {
  std::error_code unknown;
  const auto status = fs::status(path, unknown);
  return fs::is_fifo(status) || fs::is_character_file(status);
}

// Where a file shall lie: `path` or, if there is a link to a file, where that leads. What may not
// be looked at is taken as new: opening it tells what is wrong.
std::string place_of(const std::string& path, bool replace) {
  std::error_code unknown;
  if (!fs::exists(fs::symlink_status(path, unknown))) return path;
  const auto status = fs::status(path, unknown);
  if (fs::is_directory(status)) refuse_file(path, "is a directory: name a file in it");
  if (!fs::is_regular_file(status))
    refuse_file(path, "is no regular file and is not replaced: name another");
  if (!replace) refuse_file(path, "exists: use --force to replace it");
  return fs::canonical(path).string();
}

// A pipe or a device, for as long as something is written to it.
class Channel {
 public:
  explicit Channel(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC)) {
    if (descriptor_ < 0) refuse_file(path, errno);
  }
  ~Channel() { ::close(descriptor_); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool is_terminal() const { return ::isatty(descriptor_) == 1; }
  void write(std::string_view content) { write_all(descriptor_, content, path_); }

 private:
  const std::string path_;
  const int descriptor_;
};

template <class Sink>
std::uint64_t download_into(Sink& sink, const Api& api, std::string_view target) {
  std::uint64_t size = 0;
  api.download(target, [&](std::string_view piece) {
    sink.write(piece);
    size += piece.size();
  });
  return size;
}

}  // namespace

bool is_standard_output(const std::string& path) {
  struct stat there{}, here{};
  return path == "-" || (::stat(path.c_str(), &there) == 0 && ::fstat(STDOUT_FILENO, &here) == 0 &&
                         there.st_dev == here.st_dev && there.st_ino == here.st_ino);
}

std::uint64_t download_file(const Api& api, std::string_view target, const std::string& path,
                            ::mode_t mode, bool replace) {
  if (is_written_through(path)) {
    Channel channel(path);
    // It would obey what is in there.
    if (channel.is_terminal()) refuse_file(path, "is a terminal: name a file");
    return download_into(channel, api, target);
  }
  NewFile file(place_of(path, replace) + ".partial", mode,
               "delete it if nothing is writing it any more");
  const auto size = download_into(file, api, target);
  file.keep_as(place_of(path, replace));  // what is there may have changed meanwhile
  return size;
}

}  // namespace llmspool::cli
