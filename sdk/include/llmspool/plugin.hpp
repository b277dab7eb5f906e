// SPDX-License-Identifier: MIT
// plugin.hpp: plugin.h for C++20 authors. Header only; derive from Backend or Optimizer, name them
// with LLMSPOOL_PLUGIN, and the C ABI, its guards against exceptions and its lifetimes are done.
// Threads and ownership are those of plugin.h; views passed to you live as long as the call.
#pragma once

#include <llmspool/plugin.h>

#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace llmspool {

inline llmspool_str_t to_str(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view to_view(llmspool_str_t text) {
  return {text.data, text.size};
}

enum class Verdict : llmspool_verdict_t {
  done = LLMSPOOL_DONE,
  failed = LLMSPOOL_FAILED,
  retry_later = LLMSPOOL_RETRY_LATER,
  retry_now = LLMSPOOL_RETRY_NOW,
  hold = LLMSPOOL_HOLD,
  stop_queue = LLMSPOOL_STOP_QUEUE,
  credentials_needed = LLMSPOOL_CREDENTIALS_NEEDED,
  cancelled = LLMSPOOL_CANCELLED,
};

enum class Phase : int32_t {
  load = LLMSPOOL_PHASE_LOAD,
  prompt = LLMSPOOL_PHASE_PROMPT,
  generate = LLMSPOOL_PHASE_GENERATE,
  work = LLMSPOOL_PHASE_WORK,
  wait = LLMSPOOL_PHASE_WAIT,
};

enum class Level : int32_t {
  error = LLMSPOOL_LOG_ERROR,
  warning = LLMSPOOL_LOG_WARNING,
  info = LLMSPOOL_LOG_INFO,
  debug = LLMSPOOL_LOG_DEBUG,
};

// Throw it from anywhere in a plugin: the guard at the boundary turns it into the verdict and the
// message. Any other exception becomes Verdict::failed with its what().
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& message, Verdict verdict = Verdict::failed)
      : std::runtime_error(message), verdict_(verdict) {}
  // What the job asks for is wrong, and the backend is not to blame for that.
  static Failure invalid(const std::string& message) {
    Failure failure(message);
    failure.status_ = LLMSPOOL_INVALID;
    return failure;
  }
  static Failure retry_later(const std::string& message, std::chrono::duration<double> after) {
    Failure failure(message, Verdict::retry_later);
    failure.retry_after_ = after;
    return failure;
  }
  static Failure credentials_needed(const std::string& message, const std::string& credential) {
    Failure failure(message, Verdict::credentials_needed);
    failure.credential_ = credential;
    return failure;
  }
  // What the other side of the ABI answered.
  static Failure of(llmspool_verdict_t verdict, const llmspool_error_t& error) {
    Failure failure(static_cast<const char*>(error.message), static_cast<Verdict>(verdict));
    failure.status_ = error.status;
    failure.retry_after_ = std::chrono::duration<double>(error.retry_after_seconds);
    failure.credential_ = static_cast<const char*>(error.credential);
    return failure;
  }
  Verdict verdict() const { return verdict_; }
  llmspool_status_t status() const { return status_; }
  std::chrono::duration<double> retry_after() const { return retry_after_; }
  const std::string& credential() const { return credential_; }

 private:
  Verdict verdict_;
  llmspool_status_t status_ = LLMSPOOL_UNAVAILABLE;
  std::chrono::duration<double> retry_after_{0};
  std::string credential_;
};

// A configuration table or a job's params; see llmspool_table_t.
class Table {
 public:
  explicit Table(const llmspool_table_t* table) : table_(table) {}
  std::string_view json() const { return to_view(table_->json); }
  std::optional<std::string_view> text(std::string_view key) const {
    llmspool_str_t out{};
    return table_->text(table_, to_str(key), &out) ? std::optional(to_view(out)) : std::nullopt;
  }
  std::optional<double> number(std::string_view key) const {
    double out = 0;
    return table_->number(table_, to_str(key), &out) ? std::optional(out) : std::nullopt;
  }
  std::optional<bool> boolean(std::string_view key) const {
    bool out = false;
    return table_->boolean(table_, to_str(key), &out) ? std::optional(out) : std::nullopt;
  }
  std::vector<std::string_view> texts(std::string_view key) const {
    std::vector<std::string_view> all;
    llmspool_str_t out{};
    while (table_->item(table_, to_str(key), all.size(), &out)) all.push_back(to_view(out));
    return all;
  }
  std::optional<std::string_view> value_json(std::string_view key) const {
    llmspool_str_t out{};
    return table_->value(table_, to_str(key), &out) ? std::optional(to_view(out)) : std::nullopt;
  }

 private:
  const llmspool_table_t* table_;
};

// [any] The daemon's services to an instance; copy it freely, valid until the instance is
// destroyed.
class Host {
 public:
  explicit Host(const llmspool_host_t* host) : host_(host) {}
  void log(Level level, std::string_view message) const {
    host_->log(host_, static_cast<int32_t>(level), to_str(message));
  }
  std::optional<std::string> secret(std::string_view name) const {
    std::string value(256, '\0');
    int64_t size = host_->secret(host_, to_str(name), value.data(), value.size());
    if (size > static_cast<int64_t>(value.size())) {
      value.resize(static_cast<std::size_t>(size));
      size = host_->secret(host_, to_str(name), value.data(), value.size());
    }
    if (size < 0 || size > static_cast<int64_t>(value.size())) return std::nullopt;
    value.resize(static_cast<std::size_t>(size));
    return value;
  }
  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(host_->now_ns(host_)); }
  std::string_view data_directory() const { return to_view(host_->data_directory); }
  const void* extension(const char* id) const { return host_->get_extension(host_, id); }

 private:
  const llmspool_host_t* host_;
};

// One piece of running work; see llmspool_run_t.
class Run {
 public:
  explicit Run(const llmspool_run_t* run) : run_(run) {}
  bool cancelled() const { return run_->cancelled(run_); }
  void emit(std::string_view text) const { run_->emit(run_, to_str(text)); }
  void progress(Phase phase, uint64_t done, uint64_t total) const {
    run_->progress(run_, static_cast<int32_t>(phase), done, total);
  }
  void usage(uint64_t prompt_tokens, uint64_t completion_tokens) const {
    run_->usage(run_, prompt_tokens, completion_tokens);
  }
  void finish_reason(std::string_view reason) const { run_->finish_reason(run_, to_str(reason)); }
  void log(Level level, std::string_view message) const {
    run_->log(run_, static_cast<int32_t>(level), to_str(message));
  }

 private:
  const llmspool_run_t* run_;
};

struct Message {
  std::string_view role, content;
};

class Request {
 public:
  explicit Request(const llmspool_request_t* request) : request_(request) {}
  std::string_view job_id() const { return to_view(request_->job_id); }
  std::string_view step() const { return to_view(request_->step); }
  uint32_t attempt() const { return request_->attempt; }
  std::string_view model() const { return to_view(request_->model); }
  std::vector<Message> messages() const {
    std::vector<Message> all;
    for (const auto* message : std::span(request_->messages, request_->message_count))
      all.push_back({to_view(message->role), to_view(message->content)});
    return all;
  }
  // The last user message: the prompt, for a backend that knows no chat.
  std::string_view prompt() const {
    std::string_view last;
    for (const auto& message : messages())
      if (message.role == "user") last = message.content;
    return last;
  }
  Table params() const { return Table(request_->params); }

 private:
  const llmspool_request_t* request_;
};

struct Model {
  std::string id;
  uint64_t size_bytes = 0;
  uint32_t context_tokens = 0;
  bool loaded = false;
  bool is_default = false;
};

// Derive, add a constructor (Host, Table), and implement generate(). Throw Failure where it goes
// wrong.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;
  virtual std::vector<Model> models() { return {}; }                     // [any]
  virtual void start() {}                                                // [job, created]
  virtual Verdict generate(const Request& request, const Run& run) = 0;  // [job, started]
  virtual void stop() {}                                                 // [job, started]
};

struct Document {
  std::string_view name, media_type, content;
};

class Task {
 public:
  explicit Task(const llmspool_task_t* task) : task_(task) {}
  std::string_view job_id() const { return to_view(task_->job_id); }
  std::string_view step() const { return to_view(task_->step); }
  std::optional<Document> document(std::string_view name) const {
    for (const auto* document : std::span(task_->documents, task_->document_count))
      if (to_view(document->name) == name)
        return Document{to_view(document->name), to_view(document->media_type),
                        to_view(document->content)};
    return std::nullopt;
  }
  Table params() const { return Table(task_->params); }

 private:
  const llmspool_task_t* task_;
};

class Results {
 public:
  explicit Results(const llmspool_results_t* results) : results_(results) {}
  void document(std::string_view name, std::string_view media_type,
                std::string_view content) const {
    results_->document(results_, to_str(name), to_str(media_type), to_str(content));
  }
  void score(double score) const { results_->score(results_, score); }
  void report(std::string_view json_object) const {
    results_->report(results_, to_str(json_object));
  }
  // The generated text. Throws Failure with all that the backend said where there is none.
  std::string generate(std::string_view prompt) const {
    std::string text;
    llmspool_error_t error{};
    error.struct_size = sizeof error;
    const auto append = [](void* context, llmspool_str_t piece) {
      static_cast<std::string*>(context)->append(to_view(piece));
    };
    const auto verdict = results_->generate(results_, to_str(prompt), append, &text, &error);
    if (verdict != LLMSPOOL_DONE) throw Failure::of(verdict, error);
    return text;
  }

 private:
  const llmspool_results_t* results_;
};

// Derive, add a constructor (Host, Table), and implement process().
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;
  virtual Verdict process(const Task& task, const Run& run, const Results& results) = 0;  // [job]
};

enum class Type : int32_t {
  text = LLMSPOOL_TYPE_TEXT,
  number = LLMSPOOL_TYPE_NUMBER,
  integer = LLMSPOOL_TYPE_INTEGER,
  boolean = LLMSPOOL_TYPE_BOOLEAN,
  text_list = LLMSPOOL_TYPE_TEXT_LIST,
  json = LLMSPOOL_TYPE_JSON,
};

// A key of a configuration table or of a job's params. All texts must be literals.
struct Option {
  const char* name;
  Type type;
  const char* help;
  double minimum = 0, maximum = 0;
  const char* choices = nullptr;
};

struct PluginInfo {
  const char* id;
  const char* name;
  const char* version;
  const char* license = "MIT";
};

namespace detail {

inline void copy_text(char* to, std::size_t capacity, std::string_view text) {
  const std::size_t size = std::min(text.size(), capacity - 1);
  std::memcpy(to, text.data(), size);
  to[size] = '\0';
}

inline Verdict report(const Failure& failure, llmspool_error_t* err) {
  err->status = failure.status();
  err->retry_after_seconds = failure.retry_after().count();
  copy_text(err->message, sizeof err->message, failure.what());
  copy_text(err->credential, sizeof err->credential, failure.credential());
  return failure.verdict();
}

constexpr uint32_t flag(bool set, uint32_t value) {
  return set ? value : 0;
}

// No exception may cross the C ABI.
template <class Work>
llmspool_verdict_t guarded(llmspool_error_t* err, Work work) noexcept {
  try {
    return static_cast<llmspool_verdict_t>(work());
  } catch (const Failure& failure) {
    return static_cast<llmspool_verdict_t>(report(failure, err));
  } catch (const std::exception& exception) {
    err->status = LLMSPOOL_INTERNAL;
    copy_text(err->message, sizeof err->message, exception.what());
  } catch (...) {
    err->status = LLMSPOOL_INTERNAL;
    copy_text(err->message, sizeof err->message, "the plugin threw something that is no exception");
  }
  return LLMSPOOL_FAILED;
}

// The same for calls that have a status: a Failure's verdict does not matter there.
template <class Work>
llmspool_status_t guarded_status(llmspool_error_t* err, Work work) noexcept {
  err->status = LLMSPOOL_OK;
  const auto verdict = guarded(err, [&] {
    work();
    return Verdict::done;
  });
  if (verdict == LLMSPOOL_DONE) return LLMSPOOL_OK;
  return err->status == LLMSPOOL_OK ? LLMSPOOL_INTERNAL : err->status;
}

struct BackendInstance {
  llmspool_backend_t abi;
  std::unique_ptr<Backend> backend;
};
struct OptimizerInstance {
  llmspool_optimizer_t abi;
  std::unique_ptr<Optimizer> optimizer;
};

// What LLMSPOOL_PLUGIN is given: how to describe and make one backend or optimizer.
template <class Made>
struct Offer {
  const char *id, *name, *description;
  uint32_t flags;
  std::vector<Option> options, params;
  std::unique_ptr<Made> (*make)(Host, Table);
};

// The C structs behind one offer; they point into each other, so it never moves.
template <class Made>
class Described {
 public:
  using MadeType = Made;

  explicit Described(const Offer<Made>& offer) : make(offer.make) {
    fill(offer.options, options_, option_pointers_);
    fill(offer.params, params_, param_pointers_);
    descriptor = {.struct_size = sizeof descriptor,
                  .flags = offer.flags,
                  .id = offer.id,
                  .name = offer.name,
                  .description = offer.description,
                  .option_count = options_.size(),
                  .options = option_pointers_.data(),
                  .param_count = params_.size(),
                  .params = param_pointers_.data()};
  }
  Described(const Described&) = delete;
  Described& operator=(const Described&) = delete;

  llmspool_descriptor_t descriptor{};
  std::unique_ptr<Made> (*make)(Host, Table);

 private:
  static void fill(const std::vector<Option>& from, std::vector<llmspool_option_t>& to,
                   std::vector<const llmspool_option_t*>& pointers) {
    for (const auto& option : from)
      to.push_back({.struct_size = sizeof(llmspool_option_t),
                    .type = static_cast<int32_t>(option.type),
                    .name = option.name,
                    .help = option.help,
                    .minimum = option.minimum,
                    .maximum = option.maximum,
                    .choices = option.choices});
    for (const auto& option : to) pointers.push_back(&option);
  }
  std::vector<llmspool_option_t> options_, params_;
  std::vector<const llmspool_option_t*> option_pointers_, param_pointers_;
};

inline const llmspool_backend_t* wrap(std::unique_ptr<Backend> backend) {
  static constexpr auto self_of = [](const llmspool_backend_t* self) -> Backend& {
    return *static_cast<BackendInstance*>(self->plugin_data)->backend;
  };
  auto instance = std::make_unique<BackendInstance>();
  instance->backend = std::move(backend);
  instance->abi = {
      .struct_size = sizeof(llmspool_backend_t),
      .plugin_data = instance.get(),
      .models =
          [](const llmspool_backend_t* self, void (*visit)(void*, const llmspool_model_t*),
             void* visitor, llmspool_error_t* err) {
            return guarded_status(err, [&] {
              for (const auto& model : self_of(self).models()) {
                const llmspool_model_t abi{.struct_size = sizeof abi,
                                           .flags = flag(model.loaded, LLMSPOOL_MODEL_LOADED) |
                                                    flag(model.is_default, LLMSPOOL_MODEL_DEFAULT),
                                           .id = to_str(model.id),
                                           .size_bytes = model.size_bytes,
                                           .context_tokens = model.context_tokens};
                visit(visitor, &abi);
              }
            });
          },
      .start =
          [](const llmspool_backend_t* self, llmspool_error_t* err) {
            return guarded_status(err, [&] { self_of(self).start(); });
          },
      .generate =
          [](const llmspool_backend_t* self, const llmspool_request_t* request,
             const llmspool_run_t* run, llmspool_error_t* err) {
            return guarded(err, [&] { return self_of(self).generate(Request(request), Run(run)); });
          },
      .stop =
          [](const llmspool_backend_t* self) {
            llmspool_error_t ignored{};
            guarded_status(&ignored, [&] { self_of(self).stop(); });
          },
      .destroy =
          [](const llmspool_backend_t* self) {
            delete static_cast<BackendInstance*>(self->plugin_data);
          },
      .get_extension = [](const llmspool_backend_t*, const char*) -> const void* {
        return nullptr;
      }};
  return &instance.release()->abi;
}

inline const llmspool_optimizer_t* wrap(std::unique_ptr<Optimizer> optimizer) {
  auto instance = std::make_unique<OptimizerInstance>();
  instance->optimizer = std::move(optimizer);
  instance->abi = {
      .struct_size = sizeof(llmspool_optimizer_t),
      .plugin_data = instance.get(),
      .process =
          [](const llmspool_optimizer_t* self, const llmspool_task_t* task,
             const llmspool_run_t* run, const llmspool_results_t* results, llmspool_error_t* err) {
            return guarded(err, [&] {
              return static_cast<OptimizerInstance*>(self->plugin_data)
                  ->optimizer->process(Task(task), Run(run), Results(results));
            });
          },
      .destroy =
          [](const llmspool_optimizer_t* self) {
            delete static_cast<OptimizerInstance*>(self->plugin_data);
          },
      .get_extension = [](const llmspool_optimizer_t*, const char*) -> const void* {
        return nullptr;
      }};
  return &instance.release()->abi;
}

template <class Made>
struct FactoryOf;
template <>
struct FactoryOf<Backend> {
  using Abi = llmspool_backend_factory_t;
  static constexpr const char* kId = LLMSPOOL_BACKENDS_V1;
};
template <>
struct FactoryOf<Optimizer> {
  using Abi = llmspool_optimizer_factory_t;
  static constexpr const char* kId = LLMSPOOL_OPTIMIZERS_V1;
};

// The factory with the one thing that `offer()` describes, or null for another id.
template <auto offer>
const void* factory(const char* id) {
  using Made = typename std::remove_cvref_t<decltype(offer())>::MadeType;
  static const typename FactoryOf<Made>::Abi factory{
      .struct_size = sizeof factory,
      .count = 1,
      .describe = [](uint32_t) { return &offer().descriptor; },
      .create =
          [](uint32_t, const llmspool_host_t* host, const llmspool_table_t* config,
             llmspool_error_t* err) {
            decltype(wrap(std::unique_ptr<Made>())) made = nullptr;
            guarded_status(err, [&] { made = wrap(offer().make(Host(host), Table(config))); });
            return made;
          }};
  return std::strcmp(id, FactoryOf<Made>::kId) == 0 ? &factory : nullptr;
}

template <class Derived, class Base>
std::unique_ptr<Base> make(Host host, Table config) {
  if constexpr (std::is_constructible_v<Derived, Host, Table>)
    return std::make_unique<Derived>(host, config);
  else
    return std::make_unique<Derived>();
}

using BackendOffer = Offer<Backend>;
using OptimizerOffer = Offer<Optimizer>;

}  // namespace detail

// What every backend and optimizer may say of itself, besides its id, name and description.
struct Traits {
  bool concurrent = false;   // generate()/process() may run several times at once
  bool last_choice = false;  // a backend for trials: the default only where there is no other
  // g++ warns of a field left out unless it has an initializer.
  std::vector<Option> options = {};
  std::vector<Option> params = {};
};

template <class Derived>
detail::BackendOffer backend(const char* id, const char* name, const char* description,
                             Traits traits = {}) {
  return {id,
          name,
          description,
          detail::flag(traits.concurrent, LLMSPOOL_CONCURRENT) |
              detail::flag(traits.last_choice, LLMSPOOL_LAST_CHOICE),
          std::move(traits.options),
          std::move(traits.params),
          &detail::make<Derived, Backend>};
}
template <class Derived>
detail::OptimizerOffer optimizer(const char* id, const char* name, const char* description,
                                 Traits traits = {}) {
  return {id,
          name,
          description,
          detail::flag(traits.concurrent, LLMSPOOL_CONCURRENT),
          std::move(traits.options),
          std::move(traits.params),
          &detail::make<Derived, Optimizer>};
}

}  // namespace llmspool

// LLMSPOOL_PLUGIN(info, offer): exports a plugin with one backend or one optimizer. Use it once, at
// global scope. `info` is a PluginInfo with static lifetime.
#define LLMSPOOL_PLUGIN(info, offer)                                           \
  namespace {                                                                  \
  const auto& llmspool_offer() {                                               \
    static const llmspool::detail::Described described{offer};                 \
    return described;                                                          \
  }                                                                            \
  const void* llmspool_get_factory(const char* id) {                           \
    return llmspool::detail::factory<&llmspool_offer>(id);                     \
  }                                                                            \
  }                                                                            \
  extern "C" LLMSPOOL_EXPORT const llmspool_plugin_entry_t llmspool_plugin = { \
      sizeof(llmspool_plugin_entry_t),                                         \
      LLMSPOOL_ABI_MAJOR,                                                      \
      LLMSPOOL_ABI_MINOR,                                                      \
      (info).id,                                                               \
      (info).name,                                                             \
      (info).version,                                                          \
      (info).license,                                                          \
      &llmspool_get_factory}
