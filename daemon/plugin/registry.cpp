// SPDX-License-Identifier: MIT
#include "plugin/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "plugin/local_backend.hpp"
#include "plugin/local_optimizer.hpp"

namespace llmspool::plugin {
namespace {

namespace fs = std::filesystem;

// One backend or optimizer that a loaded library can make.
struct Offer {
  std::shared_ptr<Library> library;
  uint32_t index = 0;
  std::size_t plugin = 0;  // in plugins_
  const llmspool_descriptor_t* descriptor = nullptr;
};
using Offers = std::map<std::string, Offer>;

std::vector<fs::path> plugin_files(const std::vector<fs::path>& directories) {
  std::vector<fs::path> files;
  for (const auto& directory : directories) {
    std::vector<fs::path> found;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(directory, missing))
      if (entry.path().extension() == ".so") found.push_back(entry.path());
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

std::string there_are(const std::vector<std::string>& names) {
  if (names.empty()) return "is none at all: see [plugins] directories";
  return fmt::format("are: {}", fmt::join(names, ", "));
}

Result<const Offer*> find_offer(const Offers& offers, const std::string& kind,
                                const std::string& name, const std::string& plugin,
                                const config::Position& position) {
  if (const auto at = offers.find(plugin); at != offers.end()) return &at->second;
  std::vector<std::string> names;
  for (const auto& [id, offer] : offers) names.push_back(id);
  return fail(
      Code::invalid,
      fmt::format("{}: [{}s.{}] wants the plugin '{}', and no plugin file offers {} of that "
                  "name; there {}.",
                  config::to_string(position), kind, name, plugin,
                  kind == "backend" ? "a backend" : "an optimizer", there_are(names)));
}

Result<void> check_options(const config::Options& options, const llmspool_descriptor_t& descriptor,
                           const std::string& table, const config::Position& position) {
  const auto known = parameters(descriptor.options, descriptor.option_count);
  auto checked =
      check_params(options.values, known, table, fmt::format("the plugin '{}'", descriptor.id));
  if (checked) return {};
  const auto key = checked.error().fields.front().field.substr(table.size() + 1);
  const auto at = options.positions.find(key);
  return fail(Code::invalid,
              fmt::format("{}: {}",
                          config::to_string(at == options.positions.end() ? position : at->second),
                          checked.error().message));
}

template <class List>
auto find_by_id(const List& list, const std::string& id) -> typename List::value_type {
  const auto at = std::ranges::find_if(list, [&](const auto& item) { return item->id() == id; });
  return at == list.end() ? nullptr : *at;
}

}  // namespace

// The steps of Registry::load().
class Loading {
 public:
  Loading(Registry& registry, const config::Config& config)
      : registry_(registry), config_(config) {}

  void open_libraries() {
    for (const auto& file : plugin_files(config_.plugins.directories)) {
      PluginInfo info{.file = file.string(),
                      .id = {},
                      .name = {},
                      .version = {},
                      .license = {},
                      .loaded = false,
                      .reason = {},
                      .backends = {},
                      .optimizers = {}};
      if (auto library = Library::open(file)) {
        const auto& entry = (*library)->entry();
        info.id = entry.id;
        info.name = entry.name;
        info.version = entry.version;
        info.license = entry.license;
        info.loaded = true;
        note_offers(*library, (*library)->backends(), backends_, info.backends, info.reason);
        note_offers(*library, (*library)->optimizers(), optimizers_, info.optimizers, info.reason);
      } else {
        info.reason = library.error().message;
      }
      registry_.plugins_.push_back(std::move(info));
    }
  }

  Result<void> make_configured() {
    for (const auto& [name, backend] : config_.backends) {
      LLMSPOOL_TRY(offer, find_offer(backends_, "backend", name, backend.plugin, backend.position));
      LLMSPOOL_CHECK(
          check_options(backend.options, *offer->descriptor, "backends." + name, backend.position));
      LLMSPOOL_TRY(made, LocalBackend::create(offer->library, offer->index, name, backend,
                                              data_directory(name)));
      registry_.backends_.push_back(std::move(made));
    }
    for (const auto& [name, optimizer] : config_.optimizers) {
      LLMSPOOL_TRY(
          offer, find_offer(optimizers_, "optimizer", name, optimizer.plugin, optimizer.position));
      LLMSPOOL_CHECK(check_options(optimizer.options, *offer->descriptor, "optimizers." + name,
                                   optimizer.position));
      LLMSPOOL_TRY(made, LocalOptimizer::create(offer->library, offer->index, name, optimizer,
                                                data_directory(name)));
      registry_.optimizers_.push_back(std::move(made));
    }
    return {};
  }

  // What no table of the configuration uses is in use under its own name.
  void make_unmentioned() {
    const auto uses = [](const auto& tables, const std::string& plugin) {
      return std::ranges::any_of(tables, [&](const auto& entry) {
        return entry.first == plugin || entry.second.plugin == plugin;
      });
    };
    for (const auto& [id, offer] : backends_)
      if (!uses(config_.backends, id))
        keep(LocalBackend::create(offer.library, offer.index, id, {}, data_directory(id)), offer,
             registry_.backends_);
    for (const auto& [id, offer] : optimizers_)
      if (!uses(config_.optimizers, id))
        keep(LocalOptimizer::create(offer.library, offer.index, id, {}, data_directory(id)), offer,
             registry_.optimizers_);
    registry_.sort();
  }

  Result<void> choose_default() {
    const auto& wanted = config_.queue.default_backend;
    if (!wanted.empty() && registry_.backend(wanted) == nullptr) {
      std::vector<std::string> names;
      names.reserve(registry_.backends_.size());
      for (const auto& backend : registry_.backends_) names.push_back(backend->id());
      return fail(Code::invalid,
                  fmt::format("[queue] default_backend = '{}' names no backend; there {}.", wanted,
                              there_are(names)));
    }
    if (!wanted.empty()) {
      registry_.default_backend_ = wanted;
    } else if (!registry_.backends_.empty()) {
      const auto order = [&](const auto& backend) {
        return std::tuple(!config_.backends.contains(backend->id()), is_last_choice(backend->id()));
      };
      registry_.default_backend_ =
          (*std::ranges::min_element(registry_.backends_, {}, order))->id();
    }
    return {};
  }

 private:
  bool is_last_choice(const std::string& backend) const {
    const auto table = config_.backends.find(backend);
    const auto& plugin = table == config_.backends.end() ? backend : table->second.plugin;
    return (backends_.at(plugin).descriptor->flags & LLMSPOOL_LAST_CHOICE) != 0;
  }

  template <class Factory>
  void note_offers(const std::shared_ptr<Library>& library, const Factory* factory, Offers& offers,
                   std::vector<std::string>& names, std::string& reason) {
    for (uint32_t i = 0; factory != nullptr && i < factory->count; ++i) {
      const auto* descriptor = factory->describe(i);
      const Offer offer{library, i, registry_.plugins_.size(), descriptor};
      const auto [at, is_new] = offers.try_emplace(descriptor->id, offer);
      if (is_new)
        names.emplace_back(descriptor->id);
      else
        reason = fmt::format("'{}' is already offered by {}, which comes first.", descriptor->id,
                             registry_.plugins_[at->second.plugin].file);
    }
  }

  template <class Made, class List>
  void keep(Result<Made> made, const Offer& offer, List& list) {
    if (made)
      list.push_back(*std::move(made));
    else
      registry_.plugins_[offer.plugin].reason = made.error().message;
  }

  // A folder of the instance's own. It is not made where there is no state directory (a mere check
  // of the configuration); where it cannot be made, the plugin will say so if it needs it.
  fs::path data_directory(const std::string& name) const {
    auto directory = config_.state.directory / "plugins" / name;
    std::error_code ignored;
    if (fs::is_directory(config_.state.directory, ignored))
      fs::create_directories(directory, ignored);
    return directory;
  }

  Registry& registry_;
  const config::Config& config_;
  Offers backends_, optimizers_;
};

Result<std::unique_ptr<Registry>> Registry::load(const config::Config& config) {
  auto registry = std::make_unique<Registry>();
  Loading loading(*registry, config);
  loading.open_libraries();
  LLMSPOOL_CHECK(loading.make_configured());
  loading.make_unmentioned();
  LLMSPOOL_CHECK(loading.choose_default());
  return registry;
}

std::unique_ptr<Registry> Registry::of(std::vector<std::shared_ptr<Backend>> backends,
                                       std::vector<std::shared_ptr<Optimizer>> optimizers) {
  auto registry = std::make_unique<Registry>();
  registry->backends_ = std::move(backends);
  registry->optimizers_ = std::move(optimizers);
  registry->sort();
  if (!registry->backends_.empty()) registry->default_backend_ = registry->backends_.front()->id();
  return registry;
}

void Registry::sort() {
  const auto by_id = [](const auto& item) -> const std::string& { return item->id(); };
  std::ranges::sort(backends_, {}, by_id);
  std::ranges::sort(optimizers_, {}, by_id);
}

std::shared_ptr<Backend> Registry::backend(const std::string& name) const {
  return find_by_id(backends_, name);
}

std::shared_ptr<Optimizer> Registry::optimizer(const std::string& name) const {
  return find_by_id(optimizers_, name);
}

std::set<std::string> Registry::optimizer_names() const {
  std::set<std::string> names;
  for (const auto& optimizer : optimizers_) names.insert(optimizer->id());
  return names;
}

}  // namespace llmspool::plugin
