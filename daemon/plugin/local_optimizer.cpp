// SPDX-License-Identifier: MIT
#include "plugin/local_optimizer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <llmspool/plugin.hpp>

#include "base/finally.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "job/finite.hpp"
#include "plugin/instance.hpp"
#include "plugin/run.hpp"
#include "plugin/table.hpp"

namespace llmspool::plugin {
namespace {

// Where a plugin's results go, with the ABI's view of it.
struct Collector {
  OptimizeResult& result;
  const Generate& generate;

  static Collector& of(const llmspool_results_t* results) {
    return *static_cast<Collector*>(results->host_data);
  }
  llmspool_results_t abi();
};

void fill(llmspool_error_t* error, const Ending& ending) {
  error->status = ending.blames_request ? LLMSPOOL_INVALID : LLMSPOOL_UNAVAILABLE;
  error->retry_after_seconds = ending.retry_after_seconds;
  detail::copy_text(error->message, sizeof error->message, ending.message);
  detail::copy_text(error->credential, sizeof error->credential, ending.credential);
}

llmspool_results_t Collector::abi() {
  return {
      .struct_size = sizeof(llmspool_results_t),
      .host_data = this,
      .document =
          [](const llmspool_results_t* self, llmspool_str_t name, llmspool_str_t,
             llmspool_str_t content) {
            of(self).result.documents[std::string(to_view(name))] = repaired_utf8(to_view(content));
          },
      .score =
          [](const llmspool_results_t* self, double score) {
            if (std::isfinite(score)) of(self).result.score = score;
          },
      .report =
          [](const llmspool_results_t* self, llmspool_str_t text) {
            boost::system::error_code wrong;
            auto value = boost::json::parse(to_view(text), wrong);
            if (!wrong && value.is_object() && job::all_finite(value))
              of(self).result.report = std::move(value.get_object());
          },
      .generate = [](const llmspool_results_t* self, llmspool_str_t prompt,
                     void (*append)(void*, llmspool_str_t), void* context,
                     llmspool_error_t* error) -> llmspool_verdict_t {
        const auto ending =
            of(self).generate(std::string(to_view(prompt)),
                              [&](std::string_view piece) { append(context, to_str(piece)); });
        fill(error, ending);
        return static_cast<llmspool_verdict_t>(ending.verdict);
      },
  };
}

bool has_all_functions(const llmspool_optimizer_t& instance) {
  return instance.process != nullptr && instance.destroy != nullptr;
}

}  // namespace

LocalOptimizer::LocalOptimizer(std::shared_ptr<Library> library, std::string id,
                               const std::filesystem::path& data_directory)
    : library_(std::move(library)), id_(std::move(id)), host_(id_, data_directory) {}

Result<std::shared_ptr<LocalOptimizer>> LocalOptimizer::create(
    std::shared_ptr<Library> library, uint32_t index, std::string id,
    const config::Optimizer& config, const std::filesystem::path& data_directory) {
  const auto& factory = *library->optimizers();
  const auto& descriptor = *factory.describe(index);
  auto optimizer = std::shared_ptr<LocalOptimizer>(
      new LocalOptimizer(std::move(library), std::move(id), data_directory));
  optimizer->name_ = descriptor.name;
  optimizer->description_ = descriptor.description;
  optimizer->concurrent_ = (descriptor.flags & LLMSPOOL_CONCURRENT) != 0;
  optimizer->params_ = parameters(descriptor.params, descriptor.param_count);

  const Table table(config.options.values);
  LLMSPOOL_TRY(instance, make_instance(factory, index, optimizer->host_.abi(), table.abi(),
                                       "optimizers." + optimizer->id_, has_all_functions));
  optimizer->instance_ = instance;
  return optimizer;
}

LocalOptimizer::~LocalOptimizer() {
  if (instance_ == nullptr) return;
  if (const auto thrown = thrown_by([this] { instance_->destroy(instance_); }))
    log::error("The plugin of " + id_ + " failed to stop: " + *thrown);
}

Ending LocalOptimizer::process(const OptimizeRequest& request, Sink& sink, const Generate& generate,
                               OptimizeResult& result) {
  std::vector<llmspool_document_t> documents;
  documents.reserve(request.documents.size());
  for (const auto& [name, content] : request.documents)
    documents.push_back({.struct_size = sizeof(llmspool_document_t),
                         .name = to_str(name),
                         .media_type = to_str("text/plain"),
                         .content = to_str(content)});
  std::vector<const llmspool_document_t*> pointers;
  pointers.reserve(documents.size());
  for (const auto& document : documents) pointers.push_back(&document);

  const auto job_id = std::to_string(request.job_id);
  const Table params(request.params);
  const llmspool_task_t task{.struct_size = sizeof task,
                             .job_id = to_str(job_id),
                             .step = to_str(request.step),
                             .document_count = pointers.size(),
                             .documents = pointers.data(),
                             .params = params.abi()};
  Collector collector{result, generate};
  const auto results = collector.abi();
  const auto run = run_for(sink);
  auto error = empty_error();

  const int most = concurrent_ ? std::numeric_limits<int>::max() : 1;
  if (!places_.enter(most, sink)) return {.verdict = Verdict::cancelled};
  const Finally out([this] { places_.leave(); });
  const auto verdict = instance_->process(instance_, &task, &run, &results, &error);
  return ending_of(verdict, error);
}

}  // namespace llmspool::plugin
