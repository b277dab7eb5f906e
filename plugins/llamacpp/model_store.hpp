// SPDX-License-Identifier: MIT
// Finds the model files. Looks at names, sizes and times only, at each call anew, so that a file
// that appears or is replaced is noticed without a restart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace llmspool::llamacpp {

struct ModelFile {
  std::string id;  // the file's name without ".gguf" and, of a split model, without its numbering
  std::filesystem::path path;  // of a split model the first part
  uint64_t size_bytes = 0;     // of all parts
  std::filesystem::file_time_type changed;
  bool operator==(const ModelFile&) const = default;
};

// [any]
class ModelStore {
 public:
  // `places` are folders, searched without their subfolders, or files. Of two models with the same
  // id the one found first counts.
  ModelStore(std::vector<std::filesystem::path> places, std::string default_id);

  std::vector<ModelFile> list() const;  // sorted by id

  // Throws a Failure that names what there is, if the model is not there, or the places searched,
  // if there is none at all. An empty id is the default model.
  ModelFile find(std::string_view id) const;

  // A sentence for where there is no model at all, which names the places searched.
  std::string why_empty() const;

  // The default one's id, of all `models`: what is configured, else the first one's. Empty if there
  // is no model.
  std::string default_id(const std::vector<ModelFile>& models) const;

 private:
  std::vector<std::filesystem::path> places_;
  std::string default_id_;
};

}  // namespace llmspool::llamacpp
