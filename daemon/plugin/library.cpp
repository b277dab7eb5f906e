// SPDX-License-Identifier: MIT
#include "plugin/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/text.hpp"
#include "plugin/params.hpp"
#include "plugin/thrown.hpp"

namespace llmspool::plugin {
namespace {

// Why nobody should load this file; empty: it is fine.
std::string wrong_with_file(const std::filesystem::path& file) {
  struct stat facts{};
  if (::stat(file.c_str(), &facts) != 0)
    return std::error_code(errno, std::generic_category()).message();
  if (!S_ISREG(facts.st_mode)) return "it is no regular file";
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
    return "it belongs to neither root nor the daemon's user: have it owned by one of them";
  if ((facts.st_mode & S_IWOTH) != 0) return "everybody may write to it: run chmod o-w on it";
  return {};
}

std::string wrong_with_descriptor(const llmspool_descriptor_t* descriptor) {
  if (descriptor == nullptr) return "one of its descriptors is missing";
  if (descriptor->struct_size < sizeof(llmspool_descriptor_t))
    return "one of its descriptors is shorter than the ABI's version 1";
  if (descriptor->id == nullptr || descriptor->name == nullptr ||
      descriptor->description == nullptr)
    return "one of its descriptors lacks its id, name or description";
  if (!is_name(descriptor->id))
    return fmt::format("'{}' is no id: it must be lower-case letters, digits, _ and -",
                       descriptor->id);
  if (const auto wrong = wrong_with(descriptor->options, descriptor->option_count); !wrong.empty())
    return fmt::format("one of the options of its '{}' {}", descriptor->id, wrong);
  if (const auto wrong = wrong_with(descriptor->params, descriptor->param_count); !wrong.empty())
    return fmt::format("one of the params of its '{}' {}", descriptor->id, wrong);
  return {};
}

template <class Factory>
std::string wrong_with_factory(const Factory* factory) {
  if (factory == nullptr) return {};
  if (factory->struct_size < sizeof(Factory) || factory->describe == nullptr ||
      factory->create == nullptr)
    return "one of its factories is incomplete";
  for (uint32_t i = 0; i < factory->count; ++i)
    if (auto wrong = wrong_with_descriptor(factory->describe(i)); !wrong.empty()) return wrong;
  return {};
}

std::string wrong_with_entry(const llmspool_plugin_entry_t& entry) {
  if (entry.abi_major != LLMSPOOL_ABI_MAJOR)
    return fmt::format(
        "it was built for plugin ABI {}.{} and this daemon has {}.{}: build it against "
        "this version's SDK",
        entry.abi_major, entry.abi_minor, LLMSPOOL_ABI_MAJOR, LLMSPOOL_ABI_MINOR);
  if (entry.struct_size < sizeof(llmspool_plugin_entry_t) || entry.id == nullptr ||
      entry.name == nullptr || entry.version == nullptr || entry.license == nullptr ||
      entry.get_factory == nullptr)
    return "its llmspool_plugin entry is incomplete";
  return {};
}

}  // namespace

Result<std::shared_ptr<Library>> Library::open(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid, fmt::format("The plugin {} is not used: {}.", file.string(), why));
  };
  if (const auto wrong = wrong_with_file(file); !wrong.empty()) return refuse(wrong);

  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr)
    // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps one message a thread
    return refuse(fmt::format("it cannot be loaded ({})", ::dlerror()));
  auto library = std::make_shared<Library>();
  library->entry_ = static_cast<const llmspool_plugin_entry_t*>(::dlsym(handle, "llmspool_plugin"));
  if (library->entry_ == nullptr)
    return refuse("it exports no 'llmspool_plugin', so it is no llmspool plugin");
  if (const auto wrong = wrong_with_entry(*library->entry_); !wrong.empty()) return refuse(wrong);

  std::string wrong;
  if (const auto thrown = thrown_by([&] { wrong = library->take_offers(); }))
    wrong = "telling what it offers, it threw: " + *thrown;
  if (!wrong.empty()) return refuse(wrong);
  return library;
}

std::string Library::take_offers() {
  backends_ =
      static_cast<const llmspool_backend_factory_t*>(entry_->get_factory(LLMSPOOL_BACKENDS_V1));
  optimizers_ =
      static_cast<const llmspool_optimizer_factory_t*>(entry_->get_factory(LLMSPOOL_OPTIMIZERS_V1));
  if (backends_ == nullptr && optimizers_ == nullptr)
    return "it offers neither backends nor optimizers that this daemon knows";
  auto wrong = wrong_with_factory(backends_);
  return wrong.empty() ? wrong_with_factory(optimizers_) : wrong;
}

}  // namespace llmspool::plugin
