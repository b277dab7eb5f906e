// SPDX-License-Identifier: MIT
#include "plugin/host.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/log.hpp"
#include "plugin/run.hpp"

namespace llmspool::plugin {
namespace {

// A credential of the service, as systemd's LoadCredential= provides it.
std::optional<std::string> read_secret(std::string_view name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment once threads run
  static const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || name.empty() || name.find('/') != name.npos || name[0] == '.')
    return std::nullopt;
  std::ifstream file(std::filesystem::path(directory) / name, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Host::Host(std::string instance, const std::filesystem::path& data_directory)
    : instance_(std::move(instance)), data_directory_(data_directory.string()) {
  abi_ = {
      .struct_size = sizeof abi_,
      .abi_major = LLMSPOOL_ABI_MAJOR,
      .abi_minor = LLMSPOOL_ABI_MINOR,
      .host_data = this,
      .log =
          [](const llmspool_host_t* self, int32_t priority, llmspool_str_t message) {
            const auto& host = *static_cast<const Host*>(self->host_data);
            log::write(level_of(priority), {message.data, message.size},
                       {{"PLUGIN", host.instance_}});
          },
      .secret = [](const llmspool_host_t*, llmspool_str_t name, char* buffer,
                   std::size_t capacity) -> int64_t {
        const auto secret = read_secret({name.data, name.size});
        if (!secret) return -1;
        if (secret->size() <= capacity) std::ranges::copy(*secret, buffer);
        return static_cast<int64_t>(secret->size());
      },
      .now_ns = [](const llmspool_host_t*) -> int64_t {
        return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
      },
      .data_directory = {data_directory_.data(), data_directory_.size()},
      .get_extension = [](const llmspool_host_t*, const char*) -> const void* { return nullptr; },
  };
}

}  // namespace llmspool::plugin
