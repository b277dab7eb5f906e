// SPDX-License-Identifier: MIT
// testing.hpp: the daemon's side of plugin.h, made for tests: a host, a running job and results
// that record what a plugin does with them, and a loader that calls a plugin as the daemon would.
// Works with any test framework; needs Boost.JSON (link Boost::json) and, for Library, dlopen.
//
//   llmspool::testing::FakeHost host;
//   llmspool::testing::Library library("echo.so");
//   auto backend = library.backend(host, R"({"option": 1})");
//   llmspool::testing::FakeRun run;
//   auto outcome = backend.generate({.prompt = "Hello", .params = R"({"seed": 1})"}, run);
//   assert(outcome.verdict == llmspool::Verdict::done && run.text() == "Hello");
#pragma once

#include <dlfcn.h>
#include <unistd.h>
#include <llmspool/plugin.hpp>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmspool::testing {

// A configuration table or a job's params, made of the text of a JSON object.
class FakeTable {
 public:
  explicit FakeTable(std::string_view json)
      : json_(json), object_(boost::json::parse(json).as_object()) {
    for (const auto& [key, value] : object_) values_[key] = boost::json::serialize(value);
    abi_ = {.struct_size = sizeof abi_,
            .host_data = this,
            .json = to_str(json_),
            .text =
                [](const llmspool_table_t* self, llmspool_str_t key, llmspool_str_t* out) {
                  const auto* value = find(self, key);
                  return value != nullptr && store_text(*value, out);
                },
            .number =
                [](const llmspool_table_t* self, llmspool_str_t key, double* out) {
                  const auto* value = find(self, key);
                  if (value == nullptr || !value->is_number()) return false;
                  *out = value->to_number<double>();
                  return true;
                },
            .boolean =
                [](const llmspool_table_t* self, llmspool_str_t key, bool* out) {
                  const auto* value = find(self, key);
                  if (value == nullptr || !value->is_bool()) return false;
                  *out = value->get_bool();
                  return true;
                },
            .item =
                [](const llmspool_table_t* self, llmspool_str_t key, size_t index,
                   llmspool_str_t* out) {
                  const auto* value = find(self, key);
                  if (value == nullptr) return false;
                  if (value->is_string()) return index == 0 && store_text(*value, out);
                  if (!value->is_array() || index >= value->get_array().size()) return false;
                  return store_text(value->get_array()[index], out);
                },
            .value =
                [](const llmspool_table_t* self, llmspool_str_t key, llmspool_str_t* out) {
                  const auto& values = static_cast<const FakeTable*>(self->host_data)->values_;
                  const auto found = values.find(to_view(key));
                  if (found == values.end()) return false;
                  *out = to_str(found->second);
                  return true;
                }};
  }
  FakeTable(const FakeTable&) = delete;
  FakeTable& operator=(const FakeTable&) = delete;

  const llmspool_table_t* abi() const { return &abi_; }
  llmspool::Table view() const { return llmspool::Table(&abi_); }

 private:
  static const boost::json::value* find(const llmspool_table_t* self, llmspool_str_t key) {
    return static_cast<const FakeTable*>(self->host_data)->object_.if_contains(to_view(key));
  }
  static bool store_text(const boost::json::value& value, llmspool_str_t* out) {
    if (!value.is_string()) return false;
    *out = {value.get_string().data(), value.get_string().size()};
    return true;
  }

  std::string json_;
  boost::json::object object_;
  std::map<std::string, std::string, std::less<>> values_;
  llmspool_table_t abi_;
};

struct LogLine {
  Level level;
  std::string message;
};

// What an instance is given. Set `secrets` before the instance is created; it must outlive it.
class FakeHost {
 public:
  FakeHost() {
    static std::atomic<int> count = 0;
    namespace fs = std::filesystem;
    directory_ = fs::temp_directory_path() /
                 ("llmspool-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    fs::create_directories(directory_);
    directory_text_ = directory_.string();
    abi_ = {
        .struct_size = sizeof abi_,
        .abi_major = LLMSPOOL_ABI_MAJOR,
        .abi_minor = LLMSPOOL_ABI_MINOR,
        .host_data = this,
        .log =
            [](const llmspool_host_t* self, int32_t priority, llmspool_str_t message) {
              auto& host = of(self);
              const std::lock_guard lock(host.mutex_);
              host.logs_.push_back({static_cast<Level>(priority), std::string(to_view(message))});
            },
        .secret = [](const llmspool_host_t* self, llmspool_str_t name, char* buffer,
                     size_t capacity) -> int64_t {
          const auto& all = of(self).secrets;
          const auto found = all.find(std::string(to_view(name)));
          if (found == all.end()) return -1;
          const std::string& value = found->second;
          if (value.size() <= capacity) value.copy(buffer, value.size());
          return static_cast<int64_t>(value.size());
        },
        .now_ns = [](const llmspool_host_t*) -> int64_t {
          return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch())
              .count();
        },
        .data_directory = to_str(directory_text_),
        .get_extension = [](const llmspool_host_t*, const char*) -> const void* {
          return nullptr;
        }};
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::map<std::string, std::string> secrets;

  std::vector<LogLine> logs() const {
    const std::lock_guard lock(mutex_);
    return logs_;
  }
  const std::filesystem::path& data_directory() const { return directory_; }
  const llmspool_host_t* abi() const { return &abi_; }
  llmspool::Host view() const { return llmspool::Host(&abi_); }

 private:
  static FakeHost& of(const llmspool_host_t* self) {
    return *static_cast<FakeHost*>(self->host_data);
  }

  std::filesystem::path directory_;
  std::string directory_text_;
  mutable std::mutex mutex_;
  std::vector<LogLine> logs_;
  llmspool_host_t abi_;
};

struct ProgressNote {
  Phase phase;
  uint64_t done, total;
};

// One piece of running work. Records everything; every function may be called from any thread.
class FakeRun {
 public:
  FakeRun() {
    abi_ = {.struct_size = sizeof abi_,
            .host_data = this,
            .cancelled = [](const llmspool_run_t* self) { return of(self).cancelled_.load(); },
            .emit = [](const llmspool_run_t* self, llmspool_str_t text) { of(self).add(text); },
            .progress =
                [](const llmspool_run_t* self, int32_t phase, uint64_t done, uint64_t total) {
                  const std::lock_guard lock(of(self).mutex_);
                  of(self).progress_.push_back({static_cast<Phase>(phase), done, total});
                },
            .usage =
                [](const llmspool_run_t* self, uint64_t prompt, uint64_t completion) {
                  const std::lock_guard lock(of(self).mutex_);
                  of(self).usage_ = {prompt, completion};
                },
            .finish_reason =
                [](const llmspool_run_t* self, llmspool_str_t reason) {
                  const std::lock_guard lock(of(self).mutex_);
                  of(self).finish_reason_ = to_view(reason);
                },
            .log =
                [](const llmspool_run_t* self, int32_t priority, llmspool_str_t message) {
                  const std::lock_guard lock(of(self).mutex_);
                  of(self).logs_.push_back(
                      {static_cast<Level>(priority), std::string(to_view(message))});
                }};
  }
  FakeRun(const FakeRun&) = delete;
  FakeRun& operator=(const FakeRun&) = delete;

  void cancel() { cancelled_ = true; }
  // Called after each emitted piece, on the plugin's thread. Set it before the work begins.
  std::function<void()> on_emit = [] {};

  std::vector<std::string> pieces() const {
    const std::lock_guard lock(mutex_);
    return pieces_;
  }
  std::string text() const {
    std::string all;
    for (const auto& piece : pieces()) all += piece;
    return all;
  }
  // The notes of one phase, in order.
  std::vector<ProgressNote> progress(Phase phase) const {
    const std::lock_guard lock(mutex_);
    std::vector<ProgressNote> notes;
    for (const auto& note : progress_)
      if (note.phase == phase) notes.push_back(note);
    return notes;
  }
  uint64_t prompt_tokens() const {
    const std::lock_guard lock(mutex_);
    return usage_.first;
  }
  uint64_t completion_tokens() const {
    const std::lock_guard lock(mutex_);
    return usage_.second;
  }
  std::string finish_reason() const {
    const std::lock_guard lock(mutex_);
    return finish_reason_;
  }
  std::vector<LogLine> logs() const {
    const std::lock_guard lock(mutex_);
    return logs_;
  }
  const llmspool_run_t* abi() const { return &abi_; }
  llmspool::Run view() const { return llmspool::Run(&abi_); }

 private:
  static FakeRun& of(const llmspool_run_t* self) { return *static_cast<FakeRun*>(self->host_data); }
  void add(llmspool_str_t text) {
    {
      const std::lock_guard lock(mutex_);
      pieces_.emplace_back(to_view(text));
    }
    on_emit();
  }

  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> pieces_;
  std::vector<ProgressNote> progress_;
  std::pair<uint64_t, uint64_t> usage_;
  std::string finish_reason_ = "stop";
  std::vector<LogLine> logs_;
  llmspool_run_t abi_;
};

struct StoredDocument {
  std::string media_type, content;
};

// Where an optimizer's results go. `answer` stands for the backend that it may ask to generate.
class FakeResults {
 public:
  FakeResults() {
    abi_ = {.struct_size = sizeof abi_,
            .host_data = this,
            .document =
                [](const llmspool_results_t* self, llmspool_str_t name, llmspool_str_t media_type,
                   llmspool_str_t content) {
                  of(self).documents[std::string(to_view(name))] = {
                      std::string(to_view(media_type)), std::string(to_view(content))};
                },
            .score = [](const llmspool_results_t* self, double value) { of(self).score = value; },
            .report =
                [](const llmspool_results_t* self, llmspool_str_t json) {
                  of(self).report = boost::json::parse(to_view(json)).as_object();
                },
            .generate =
                [](const llmspool_results_t* self, llmspool_str_t prompt,
                   void (*append)(void*, llmspool_str_t), void* context, llmspool_error_t* err) {
                  return detail::guarded(err, [&] {
                    append(context, to_str(of(self).answer(std::string(to_view(prompt)))));
                    return Verdict::done;
                  });
                }};
  }
  FakeResults(const FakeResults&) = delete;
  FakeResults& operator=(const FakeResults&) = delete;

  std::function<std::string(const std::string& prompt)> answer = [](const std::string& prompt) {
    return prompt;
  };
  std::map<std::string, StoredDocument> documents;
  std::optional<double> score;
  boost::json::object report;

  std::string text() const {
    const auto found = documents.find("text");
    return found == documents.end() ? std::string() : found->second.content;
  }
  const llmspool_results_t* abi() const { return &abi_; }

 private:
  static FakeResults& of(const llmspool_results_t* self) {
    return *static_cast<FakeResults*>(self->host_data);
  }
  llmspool_results_t abi_;
};

// How a call ended.
struct Outcome {
  Verdict verdict;
  std::string message, credential;
  double retry_after_seconds;
  bool invalid;  // Failure::invalid()
};

inline llmspool_error_t no_error() {
  llmspool_error_t error{};
  error.struct_size = sizeof error;
  return error;
}
inline Outcome outcome(llmspool_verdict_t verdict, const llmspool_error_t& error) {
  return {static_cast<Verdict>(verdict), static_cast<const char*>(error.message),
          static_cast<const char*>(error.credential), error.retry_after_seconds,
          verdict == LLMSPOOL_FAILED && error.status == LLMSPOOL_INVALID};
}

// What to generate. `messages` holds pairs of role and content; where it is empty, `prompt` is the
// one user message.
struct Work {  // NOLINTBEGIN(readability-redundant-member-init): as in Traits
  std::string prompt = {};
  std::string params = "{}";
  std::string model = {};
  uint32_t attempt = 1;
  std::vector<std::pair<std::string, std::string>> messages = {};
};  // NOLINTEND(readability-redundant-member-init)

// A created and started backend; stopped and destroyed with this object.
class LoadedBackend {
 public:
  explicit LoadedBackend(const llmspool_backend_t* abi) : abi_(abi) {
    auto error = no_error();
    if (abi_->start(abi_, &error) == LLMSPOOL_OK) return;
    abi_->destroy(abi_);
    throw std::runtime_error(static_cast<const char*>(error.message));
  }
  LoadedBackend(LoadedBackend&& other) noexcept : abi_(std::exchange(other.abi_, nullptr)) {}
  LoadedBackend& operator=(LoadedBackend&&) = delete;
  ~LoadedBackend() {
    if (abi_ == nullptr) return;
    abi_->stop(abi_);
    abi_->destroy(abi_);
  }

  // May be called from several threads if the descriptor has LLMSPOOL_CONCURRENT.
  Outcome generate(const Work& work, const FakeRun& run) const {
    const FakeTable params(work.params);
    auto all = work.messages;
    if (all.empty()) all.emplace_back("user", work.prompt);
    std::vector<llmspool_message_t> messages;
    std::vector<const llmspool_message_t*> pointers;
    messages.reserve(all.size());
    pointers.reserve(all.size());
    for (const auto& [role, content] : all)
      messages.push_back({sizeof(llmspool_message_t), to_str(role), to_str(content)});
    for (const auto& message : messages) pointers.push_back(&message);
    const llmspool_request_t request{.struct_size = sizeof request,
                                     .job_id = to_str("1"),
                                     .step = to_str("test"),
                                     .attempt = work.attempt,
                                     .model = to_str(work.model),
                                     .message_count = pointers.size(),
                                     .messages = pointers.data(),
                                     .params = params.abi()};
    auto error = no_error();
    const auto verdict = abi_->generate(abi_, &request, run.abi(), &error);
    return outcome(verdict, error);
  }

  std::vector<Model> models() const {
    std::vector<Model> all;
    auto error = no_error();
    const auto visit = [](void* to, const llmspool_model_t* model) {
      static_cast<std::vector<Model>*>(to)->push_back(
          {.id = std::string(to_view(model->id)),
           .size_bytes = model->size_bytes,
           .context_tokens = model->context_tokens,
           .loaded = (model->flags & LLMSPOOL_MODEL_LOADED) != 0,
           .is_default = (model->flags & LLMSPOOL_MODEL_DEFAULT) != 0});
    };
    if (abi_->models(abi_, visit, &all, &error) != LLMSPOOL_OK)
      throw std::runtime_error(static_cast<const char*>(error.message));
    return all;
  }

 private:
  const llmspool_backend_t* abi_;
};

// A created optimizer; destroyed with this object.
class LoadedOptimizer {
 public:
  explicit LoadedOptimizer(const llmspool_optimizer_t* abi) : abi_(abi) {}
  LoadedOptimizer(LoadedOptimizer&& other) noexcept : abi_(std::exchange(other.abi_, nullptr)) {}
  LoadedOptimizer& operator=(LoadedOptimizer&&) = delete;
  ~LoadedOptimizer() {
    if (abi_ != nullptr) abi_->destroy(abi_);
  }

  // `documents` holds names and plain texts.
  Outcome process(const std::map<std::string, std::string>& documents, const FakeRun& run,
                  FakeResults& results, std::string_view params_json = "{}") const {
    const FakeTable params(params_json);
    std::vector<llmspool_document_t> all;
    std::vector<const llmspool_document_t*> pointers;
    all.reserve(documents.size());
    pointers.reserve(documents.size());
    for (const auto& [name, content] : documents)
      all.push_back(
          {sizeof(llmspool_document_t), to_str(name), to_str("text/plain"), to_str(content)});
    for (const auto& document : all) pointers.push_back(&document);
    const llmspool_task_t task{.struct_size = sizeof task,
                               .job_id = to_str("1"),
                               .step = to_str("test"),
                               .document_count = pointers.size(),
                               .documents = pointers.data(),
                               .params = params.abi()};
    auto error = no_error();
    const auto verdict = abi_->process(abi_, &task, run.abi(), results.abi(), &error);
    return outcome(verdict, error);
  }

 private:
  const llmspool_optimizer_t* abi_;
};

// A plugin's file, loaded as the daemon loads it and, as there, never unloaded.
class Library {
 public:
  explicit Library(const std::filesystem::path& file) {
    void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    // NOLINTBEGIN(concurrency-mt-unsafe): glibc keeps one message a thread
    if (handle == nullptr) throw std::runtime_error(dlerror());
    entry_ = static_cast<const llmspool_plugin_entry_t*>(dlsym(handle, "llmspool_plugin"));
    if (entry_ == nullptr) throw std::runtime_error(dlerror());
    // NOLINTEND(concurrency-mt-unsafe)
  }

  const llmspool_plugin_entry_t& entry() const { return *entry_; }

  // The plugin's first backend or optimizer. Throws with the plugin's message if it cannot be made.
  LoadedBackend backend(const FakeHost& host, std::string_view config_json = "{}") const {
    return LoadedBackend(create<llmspool_backend_t, llmspool_backend_factory_t>(
        LLMSPOOL_BACKENDS_V1, host, config_json));
  }
  LoadedOptimizer optimizer(const FakeHost& host, std::string_view config_json = "{}") const {
    return LoadedOptimizer(create<llmspool_optimizer_t, llmspool_optimizer_factory_t>(
        LLMSPOOL_OPTIMIZERS_V1, host, config_json));
  }
  const llmspool_descriptor_t& backend_descriptor() const {
    return *factory<llmspool_backend_factory_t>(LLMSPOOL_BACKENDS_V1).describe(0);
  }
  const llmspool_descriptor_t& optimizer_descriptor() const {
    return *factory<llmspool_optimizer_factory_t>(LLMSPOOL_OPTIMIZERS_V1).describe(0);
  }

 private:
  template <class Factory>
  const Factory& factory(const char* id) const {
    const auto* found = static_cast<const Factory*>(entry_->get_factory(id));
    if (found == nullptr || found->count == 0)
      throw std::runtime_error(std::string("The plugin has nothing for ") + id);
    return *found;
  }
  template <class Made, class Factory>
  const Made* create(const char* id, const FakeHost& host, std::string_view config_json) const {
    const FakeTable config(config_json);
    auto error = no_error();
    const Made* made = factory<Factory>(id).create(0, host.abi(), config.abi(), &error);
    if (made == nullptr) throw std::runtime_error(static_cast<const char*>(error.message));
    return made;
  }

  const llmspool_plugin_entry_t* entry_;
};

}  // namespace llmspool::testing
