// SPDX-License-Identifier: MIT
#include "model_store.hpp"

#include <llmspool/plugin.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <system_error>
#include <utility>

namespace llmspool::llamacpp {

namespace fs = std::filesystem;

namespace {

struct Name {
  std::string id;
  bool first_part;
};

// What a file's name says of it; nothing if it is no model that generates text.
std::optional<Name> parse_name(const fs::path& path) {
  if (path.extension() != ".gguf") return std::nullopt;
  const std::string stem = path.stem().string();
  if (stem.starts_with("mmproj")) return std::nullopt;
  static const std::regex split("(.+)-([0-9]{5})-of-[0-9]{5}");
  std::smatch match;
  if (!std::regex_match(stem, match, split)) return Name{stem, true};
  return Name{match[1], match[2] == "00001"};
}

std::vector<fs::path> files_of(const fs::path& place) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return {place};
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(place, error), end; !error && entry != end;
       entry.increment(error))
    files.push_back(entry->path());
  if (error)
    throw Failure("The models in " + place.string() + " cannot be listed: " + error.message(),
                  Verdict::retry_later);
  std::sort(files.begin(), files.end());
  return files;
}

// The models of one place by their ids.
std::map<std::string, ModelFile> models_of(const fs::path& place) {
  std::map<std::string, ModelFile> models;
  for (const auto& path : files_of(place)) {
    const auto name = parse_name(path);
    if (!name) continue;
    std::error_code error;
    const auto size = fs::file_size(path, error);
    const auto changed = error ? fs::file_time_type() : fs::last_write_time(path, error);
    if (error) continue;
    auto& model = models[name->id];
    model.id = name->id;
    model.size_bytes += size;
    model.changed = std::max(model.changed, changed);
    if (name->first_part) model.path = path;
  }
  std::erase_if(models, [](const auto& model) { return model.second.path.empty(); });
  return models;
}

template <class Things, class NameOf>
std::string names(const Things& things, NameOf name_of) {
  std::string all;
  for (const auto& thing : things) all += (all.empty() ? "" : ", ") + name_of(thing);
  return all;
}

}  // namespace

ModelStore::ModelStore(std::vector<fs::path> places, std::string default_id)
    : places_(std::move(places)), default_id_(std::move(default_id)) {}

std::vector<ModelFile> ModelStore::list() const {
  std::map<std::string, ModelFile> all;
  for (const auto& place : places_) all.merge(models_of(place));
  std::vector<ModelFile> models;
  models.reserve(all.size());
  for (auto& [id, model] : all) models.push_back(std::move(model));
  return models;
}

// What no job can mend stops the backend: the jobs that come wait for a person to see to it.
ModelFile ModelStore::find(std::string_view id) const {
  const auto models = list();
  if (models.empty()) throw Failure(why_empty() + ", then resume the backend", Verdict::stop_queue);
  const std::string wanted = id.empty() ? default_id(models) : std::string(id);
  for (const auto& model : models)
    if (model.id == wanted) return model;
  const std::string there_are = names(models, [](const ModelFile& model) { return model.id; });
  if (id.empty())
    throw Failure("The default model \"" + wanted + "\" is not there; there is " + there_are,
                  Verdict::stop_queue);
  throw Failure::invalid("There is no model \"" + wanted + "\"; there is " + there_are);
}

std::string ModelStore::why_empty() const {
  return "There is no model: put a .gguf file into " +
         names(places_, [](const fs::path& place) { return place.string(); });
}

std::string ModelStore::default_id(const std::vector<ModelFile>& models) const {
  if (!default_id_.empty()) return default_id_;
  return models.empty() ? std::string() : models.front().id;
}

}  // namespace llmspool::llamacpp
