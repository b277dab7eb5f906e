// SPDX-License-Identifier: MIT
#include "loaded_model.hpp"

#include <exception>
#include <mutex>
#include <utility>

#include "log_route.hpp"

namespace llmspool::llamacpp {

namespace {

llama_model_ptr load(const ModelFile& file, int32_t gpu_layers,
                     const LoadedModel::Progress& progress) {
  struct Watch {
    const LoadedModel::Progress& progress;
    bool gave_up;
  } watch{progress, false};
  auto params = llama_model_default_params();
  params.n_gpu_layers = gpu_layers;
  params.progress_callback_user_data = &watch;
  params.progress_callback = [](float share, void* data) {
    auto& watching = *static_cast<Watch*>(data);
    watching.gave_up = !watching.progress(share);
    return !watching.gave_up;
  };
  LogRoute::forget_errors();
  llama_model_ptr model(llama_model_load_from_file(file.path.c_str(), params));
  if (watch.gave_up) throw Failure("Loading the model was given up", Verdict::cancelled);
  // It may be memory that is short for now, so the job is worth another try.
  if (!model)
    throw Failure("Cannot load " + file.path.string() + ": " + LogRoute::first_error(),
                  Verdict::retry_later);
  if (!llama_model_has_decoder(model.get()) || llama_model_has_encoder(model.get()))
    throw Failure("The model " + file.id + " is not one that generates text from a prompt");
  return model;
}

common_chat_templates_ptr templates_of(const llama_model* model, const ModelFile& file) {
  try {
    return common_chat_templates_init(model, "");
  } catch (const std::exception& problem) {
    throw Failure("The chat template of the model " + file.id +
                  " cannot be used: " + problem.what());
  }
}

common_chat_msg chat_message(const Message& message) {
  common_chat_msg chat;
  chat.role = message.role;
  chat.content = message.content;
  return chat;
}

// llama.cpp puts the date into a template's variables by way of localtime(), which has one result
// for all threads of the process.
common_chat_params apply(const common_chat_templates& templates,
                         const common_chat_templates_inputs& inputs) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  return common_chat_templates_apply(&templates, inputs);
}

bool ends_with_word(std::string text, const std::string& word) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return !word.empty() && text.ends_with(word);
}

}  // namespace

LoadedModel::LoadedModel(ModelFile file, int32_t gpu_layers, const Progress& progress)
    : file_(std::move(file)),
      model_(load(file_, gpu_layers, progress)),
      vocab_(llama_model_get_vocab(model_.get())),
      templates_(templates_of(model_.get(), file_)) {}

Prompt LoadedModel::prompt(const std::vector<Message>& messages, bool thinking) const {
  common_chat_templates_inputs inputs;
  inputs.enable_thinking = thinking;
  for (const auto& message : messages) inputs.messages.push_back(chat_message(message));
  common_chat_params chat;
  try {
    chat = apply(*templates_, inputs);
  } catch (const std::exception& problem) {
    throw Failure::invalid("The chat template of " + file_.id +
                           " refuses the messages: " + problem.what());
  }
  Prompt prompt{.tokens = common_tokenize(vocab_, chat.prompt, true, true),
                .visible = {},
                .stops = std::move(chat.additional_stops),
                .thought_tags = {chat.thinking_start_tag, chat.thinking_end_tags},
                .opens_thoughts = ends_with_word(chat.generation_prompt, chat.thinking_start_tag)};
  for (const auto& text : chat.preserved_tokens)
    if (const auto tokens = common_tokenize(vocab_, text, false, true); tokens.size() == 1)
      prompt.visible.insert(tokens.front());
  return prompt;
}

std::string LoadedModel::piece(llama_token token, const std::set<llama_token>& visible) const {
  return common_token_to_piece(vocab_, token, visible.contains(token));
}

}  // namespace llmspool::llamacpp
