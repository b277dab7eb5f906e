// SPDX-License-Identifier: MIT
// A model in memory with its chat template. Never changes, so any thread may use it.
#pragma once

#include <llama-common/chat.h>
#include <llama-cpp.h>
#include <llmspool/plugin.hpp>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model_store.hpp"
#include "settings.hpp"
#include "text_stream.hpp"

namespace llmspool::llamacpp {

// What a model is given to go on from, and how it is going to write its answer.
struct Prompt {
  std::vector<llama_token> tokens;
  std::set<llama_token> visible;  // control tokens that are part of the text all the same
  std::vector<std::string> stops;
  ThoughtTags thought_tags;
  bool opens_thoughts;
};

class LoadedModel {
 public:
  // Is told the share that is loaded, 0 to 1; false gives up loading.
  using Progress = std::function<bool(float)>;

  // Throws a Failure if the file cannot be loaded or `progress` gave up.
  LoadedModel(ModelFile file, int32_t gpu_layers, const Progress& progress);

  // Throws a Failure if the model's template refuses the messages.
  Prompt prompt(const std::vector<Message>& messages, bool thinking) const;

  // The text of one token; empty for a control token that is not among `visible`.
  std::string piece(llama_token token, const std::set<llama_token>& visible) const;

  bool ends_answer(llama_token token) const { return llama_vocab_is_eog(vocab_, token); }
  const ModelFile& file() const { return file_; }
  llama_model* get() const { return model_.get(); }

 private:
  ModelFile file_;
  llama_model_ptr model_;
  const llama_vocab* vocab_;
  common_chat_templates_ptr templates_;
};

}  // namespace llmspool::llamacpp
