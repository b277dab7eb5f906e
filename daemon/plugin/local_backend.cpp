// SPDX-License-Identifier: MIT
#include "plugin/local_backend.hpp"

#include <fmt/format.h>

#include <llmspool/plugin.hpp>

#include "base/finally.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "plugin/instance.hpp"
#include "plugin/run.hpp"
#include "plugin/table.hpp"

namespace llmspool::plugin {
namespace {

constexpr int kConcurrencyDefault = 4;

// The chat messages as the ABI hands them over: pointers to structs that borrow from `messages`.
class Messages {
 public:
  explicit Messages(const std::vector<job::Message>& messages) {
    for (const auto& message : messages)
      structs_.push_back({.struct_size = sizeof(llmspool_message_t),
                          .role = to_str(message.role),
                          .content = to_str(message.content)});
    for (const auto& message : structs_) pointers_.push_back(&message);
  }
  const llmspool_message_t* const* data() const { return pointers_.data(); }
  std::size_t size() const { return pointers_.size(); }

 private:
  std::vector<llmspool_message_t> structs_;
  std::vector<const llmspool_message_t*> pointers_;
};

bool has_all_functions(const llmspool_backend_t& instance) {
  return instance.models != nullptr && instance.start != nullptr && instance.generate != nullptr &&
         instance.stop != nullptr && instance.destroy != nullptr;
}

}  // namespace

LocalBackend::LocalBackend(std::shared_ptr<Library> library, std::string id,
                           const std::filesystem::path& data_directory)
    : library_(std::move(library)), id_(std::move(id)), host_(id_, data_directory) {}

Result<std::shared_ptr<LocalBackend>> LocalBackend::create(
    std::shared_ptr<Library> library, uint32_t index, std::string id, const config::Backend& config,
    const std::filesystem::path& data_directory) {
  const auto& factory = *library->backends();
  const auto& descriptor = *factory.describe(index);
  const bool concurrent = (descriptor.flags & LLMSPOOL_CONCURRENT) != 0;
  if (!concurrent && config.concurrency > 1)
    return fail(Code::invalid,
                fmt::format("{}: [backends.{}] concurrency = {}, but its plugin does one job at a "
                            "time: leave the key out.",
                            config::to_string(config.position), id, config.concurrency));

  auto backend = std::shared_ptr<LocalBackend>(
      new LocalBackend(std::move(library), std::move(id), data_directory));
  backend->name_ = descriptor.name;
  backend->description_ = descriptor.description;
  backend->concurrency_ =
      config.concurrency > 0 ? config.concurrency : (concurrent ? kConcurrencyDefault : 1);
  backend->params_ = common_params();
  for (auto& param : parameters(descriptor.params, descriptor.param_count))
    backend->params_.push_back(std::move(param));

  const Table table(config.options.values);
  LLMSPOOL_TRY(instance, make_instance(factory, index, backend->host_.abi(), table.abi(),
                                       "backends." + backend->id_, has_all_functions));
  backend->instance_ = instance;
  return backend;
}

LocalBackend::~LocalBackend() {
  if (instance_ == nullptr) return;
  const auto thrown = thrown_by([this] {
    if (state_ == State::started) instance_->stop(instance_);
    instance_->destroy(instance_);
  });
  if (thrown) log::error("The plugin of " + id_ + " failed to stop: " + *thrown);
}

Result<std::vector<Model>> LocalBackend::models() const {
  std::vector<Model> models;
  auto error = empty_error();
  const auto visit = [](void* visitor, const llmspool_model_t* model) {
    static_cast<std::vector<Model>*>(visitor)->push_back(
        {.id = std::string(to_view(model->id)),
         .size_bytes = model->size_bytes,
         .context_tokens = model->context_tokens,
         .loaded = (model->flags & LLMSPOOL_MODEL_LOADED) != 0,
         .is_default = (model->flags & LLMSPOOL_MODEL_DEFAULT) != 0});
  };
  llmspool_status_t status = LLMSPOOL_OK;
  if (auto thrown =
          thrown_by([&] { status = instance_->models(instance_, visit, &models, &error); }))
    return fail(Code::unavailable, *std::move(thrown));
  if (status != LLMSPOOL_OK)
    return fail(Code::unavailable, ending_of(LLMSPOOL_FAILED, error).message);
  std::erase_if(models, [&](const Model& model) {
    if (!invalid_utf8_at(model.id)) return false;
    tell_left_out(model.id);
    return true;
  });
  return models;
}

void LocalBackend::tell_left_out(const std::string& model) const {
  {
    const std::scoped_lock lock(left_out_mutex_);
    if (!left_out_.insert(model).second) return;
  }
  log::warning(fmt::format("The model '{}' of the backend {} is left out: its name is not UTF-8.",
                           escaped_controls(model), id_),
               {{"BACKEND", id_}});
}

Ending LocalBackend::ensure_started(Sink& sink) {
  {
    std::unique_lock lock(mutex_);
    while (!state_changed_.wait_for(lock, kCancelPoll, [&] { return state_ != State::starting; }))
      if (sink.cancelled()) return {.verdict = Verdict::cancelled};
    if (state_ == State::started) return {};
    state_ = State::starting;
  }
  auto reached = State::created;
  const Finally tell([&] {
    const std::scoped_lock lock(mutex_);
    state_ = reached;
    state_changed_.notify_all();
  });

  auto error = empty_error();
  const auto status = instance_->start(instance_, &error);
  if (status == LLMSPOOL_OK) {
    reached = State::started;
    return {};
  }
  if (error.credential[0] != 0) return ending_of(LLMSPOOL_CREDENTIALS_NEEDED, error);
  if (status == LLMSPOOL_UNAVAILABLE) return ending_of(LLMSPOOL_RETRY_LATER, error);
  auto ending = ending_of(LLMSPOOL_FAILED, error);
  ending.blames_request = false;  // it knows of none yet
  return ending;
}

Ending LocalBackend::generate(const GenerateRequest& request, Sink& sink) {
  if (!places_.enter(concurrency_, sink)) return {.verdict = Verdict::cancelled};
  const Finally out([this] { places_.leave(); });
  sink.begin_request();
  return generate_inside(request, sink);
}

Ending LocalBackend::generate_inside(const GenerateRequest& request, Sink& sink) {
  if (auto ending = ensure_started(sink); ending.verdict != Verdict::done) return ending;

  const auto job_id = std::to_string(request.job_id);
  const Messages messages(request.messages);
  const Table params(request.params);
  const llmspool_request_t abi{.struct_size = sizeof abi,
                               .job_id = to_str(job_id),
                               .step = to_str(request.step),
                               .attempt = static_cast<uint32_t>(request.attempt),
                               .model = to_str(request.model),
                               .message_count = messages.size(),
                               .messages = messages.data(),
                               .params = params.abi()};
  const auto run = run_for(sink);
  auto error = empty_error();
  const auto verdict = instance_->generate(instance_, &abi, &run, &error);
  return ending_of(verdict, error);
}

}  // namespace llmspool::plugin
