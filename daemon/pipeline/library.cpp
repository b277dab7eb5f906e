// SPDX-License-Identifier: MIT
#include "pipeline/library.hpp"

#include <algorithm>
#include <system_error>

namespace llmspool::pipeline {
namespace {

namespace fs = std::filesystem;

// The *.toml files of a directory by name; hidden ones are somebody's drafts.
Result<std::vector<fs::path>> files_of(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code gone;
    if (path.extension() == ".toml" && !path.filename().string().starts_with('.') &&
        entry->is_regular_file(gone))
      files.push_back(path);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Code::invalid, "The pipeline directory '" + directory.string() +
                                   "' cannot be read: " + error.message() + ".");
  std::ranges::sort(files);
  return files;
}

Result<Definition> load_file(const fs::path& file, const std::set<std::string>& optimizers) {
  LLMSPOOL_TRY(source, toml::read_file(file));
  return parse_definition(source, file.string(), &optimizers);
}

bool takes(const Input& input, const std::set<std::string>& names) {
  return names.contains(input.name) ||
         std::ranges::any_of(input.aliases,
                             [&](const std::string& alias) { return names.contains(alias); });
}

}  // namespace

Result<Library> Library::load(const std::vector<fs::path>& directories,
                              const std::set<std::string>& optimizers) {
  Library library;
  std::string wrong;
  const auto add_wrong = [&](const std::string& line) {
    wrong += (wrong.empty() ? "" : "\n") + line;
  };
  for (const fs::path& directory : directories) {
    LLMSPOOL_TRY(files, files_of(directory));
    for (const fs::path& file : files) {
      auto definition = load_file(file, optimizers);
      if (!definition) {
        add_wrong(definition.error().message);
      } else if (const Definition* other = library.find(definition->name)) {
        add_wrong(to_string(definition->named_at) + ": the pipeline '" + definition->name +
                  "' is there already: " + to_string(other->named_at));
      } else {
        library.definitions_.push_back(std::make_shared<const Definition>(*std::move(definition)));
      }
    }
  }
  if (!wrong.empty()) return fail(Code::invalid, std::move(wrong));
  return library;
}

Library Library::of(const std::vector<Definition>& definitions) {
  Library library;
  for (const auto& definition : definitions)
    library.definitions_.push_back(std::make_shared<const Definition>(definition));
  return library;
}

const Definition* Library::find(const std::string& name) const {
  const auto found = std::ranges::find_if(
      definitions_, [&](const auto& definition) { return definition->name == name; });
  return found == definitions_.end() ? nullptr : found->get();
}

const Definition* Library::choose(const std::set<std::string>& inputs) const {
  const auto found = std::ranges::find_if(definitions_, [&](const auto& definition) {
    return std::ranges::all_of(definition->inputs, [&](const Input& input) {
      return !input.required || takes(input, inputs);
    });
  });
  return found == definitions_.end() ? nullptr : found->get();
}

}  // namespace llmspool::pipeline
