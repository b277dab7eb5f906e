// SPDX-License-Identifier: MIT
#include "spool/intake.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/limits.hpp"

namespace llmspool::spool {
namespace {

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "there is none" : fmt::format("there are: {}", fmt::join(names, ", "));
}

template <class List>
std::vector<std::string> ids_of(const List& list) {
  std::vector<std::string> ids;
  ids.reserve(list.size());
  for (const auto& item : list) ids.push_back(item->id());
  return ids;
}

std::vector<std::string> names_of(const pipeline::Library& pipelines) {
  std::vector<std::string> names;
  for (const auto& definition : pipelines.all()) names.push_back(definition->name);
  return names;
}

Result<void> choose_pipeline(Submission& submission, const pipeline::Library& pipelines) {
  std::set<std::string> sent;
  for (const auto& [name, value] : submission.request.inputs) sent.insert(name);
  const auto* chosen = pipelines.choose(sent);
  if (chosen == nullptr)
    return fail_field("pipeline",
                      fmt::format("no pipeline can work with just the fields {}; name one, {}.",
                                  fmt::join(sent, ", "), listed(names_of(pipelines))));
  submission.job.pipeline = chosen->name;
  return {};
}

// Null: the job names no pipeline.
Result<const pipeline::Definition*> check_pipeline(Submission& submission,
                                                   const pipeline::Library& pipelines) {
  const auto& name = submission.job.pipeline;
  if (name.empty()) return nullptr;
  const auto* definition = pipelines.find(name);
  if (definition == nullptr)
    return fail_field("pipeline", fmt::format("there is no pipeline '{}'; {}.", name,
                                              listed(names_of(pipelines))));
  LLMSPOOL_TRY(inputs, pipeline::check_inputs(*definition, submission.request.inputs));
  submission.request.inputs = std::move(inputs);
  return definition;
}

Result<void> choose_backend(Submission& submission, const plugin::Registry& plugins) {
  auto& job = submission.job;
  if (job.backends.empty()) {
    if (plugins.default_backend().empty())
      return fail(Code::unavailable,
                  "No backend is loaded, so no job can be taken: put a plugin into one of the "
                  "directories of [plugins] and restart the daemon.");
    job.backends = {plugins.default_backend()};
  }
  job.backend = job.backends.front();
  return {};
}

Result<void> check_known(const std::vector<std::string>& backends,
                         const plugin::Registry& plugins) {
  if (std::set(backends.begin(), backends.end()).size() != backends.size())
    return fail_field("backend", "a backend is named twice.");
  for (const auto& name : backends)
    if (plugins.backend(name) == nullptr)
      return fail_field("backend", fmt::format("there is no backend '{}'; {}.", name,
                                               listed(ids_of(plugins.backends()))));
  return {};
}

// The model must be known to one of the backends. One that cannot tell its models now may know it.
Result<void> check_model(const job::Job& job, const plugin::Registry& plugins) {
  if (job.model.empty()) return {};
  std::vector<std::string> known;
  for (const auto& name : job.backends) {
    const auto models = plugins.backend(name)->models();
    if (!models) return {};
    for (const auto& model : *models)
      if (std::ranges::find(known, model.id) == known.end()) known.push_back(model.id);
  }
  if (std::ranges::find(known, job.model) != known.end()) return {};
  return fail_field("model", fmt::format("'{}' is no model of {}; {}.", job.model,
                                         fmt::join(job.backends, ", "), listed(known)));
}

Result<void> check_size(const job::Request& request, std::size_t bytes_max) {
  std::size_t size = 0;
  for (const auto& message : request.messages) size += message.content.size();
  for (const auto& [name, text] : request.inputs) size += text.size();
  if (size <= bytes_max) return {};
  return fail(Code::too_large,
              fmt::format("The job's texts have {} bytes, and [queue] input_bytes_max allows {}.",
                          size, bytes_max));
}

Result<void> check_params_for(const plugin::Backend& backend, const boost::json::object& params,
                              const std::string& field) {
  return plugin::check_params(params, backend.params(), field,
                              fmt::format("the backend '{}'", backend.id()));
}

Result<void> check_params_for(const plugin::Optimizer& optimizer, const boost::json::object& params,
                              const std::string& field) {
  return plugin::check_params(params, optimizer.params(), field,
                              fmt::format("the optimizer '{}'", optimizer.id()));
}

Result<void> check_all_params(const Submission& submission, const plugin::Registry& plugins) {
  LLMSPOOL_CHECK(check_params_for(*plugins.backend(submission.job.backend),
                                  submission.request.params, "params"));
  for (std::size_t i = 0; i < submission.request.optimizers.size(); ++i) {
    const auto& wanted = submission.request.optimizers[i];
    const auto optimizer = plugins.optimizer(wanted.name);
    const auto field = fmt::format("optimizers[{}]", i);
    if (optimizer == nullptr)
      return fail_field(field + ".name", fmt::format("there is no optimizer '{}'; {}.", wanted.name,
                                                     listed(ids_of(plugins.optimizers()))));
    LLMSPOOL_CHECK(check_params_for(*optimizer, wanted.params, field + ".params"));
  }
  return {};
}

// What the pipeline gives its steps, which the job's own params may replace.
Result<void> check_params_of_steps(const pipeline::Definition& definition,
                                   const plugin::Backend& backend,
                                   const plugin::Registry& plugins) {
  for (const auto& step : definition.steps) {
    const auto field = fmt::format("pipeline.{}.steps.{}.params", definition.name, step.name);
    if (step.kind != pipeline::Step::Kind::optimize) {
      LLMSPOOL_CHECK(check_params_for(backend, step.params, field));
    } else if (const auto optimizer = plugins.optimizer(step.optimizer)) {
      LLMSPOOL_CHECK(check_params_for(*optimizer, step.params, field));
    }
  }
  return {};
}

Result<void> check_times(Submission& submission, Time now) {
  auto& job = submission.job;
  if (submission.delay_seconds) {
    if (job.not_before)
      return fail_field("delay_seconds", "give either 'delay_seconds' or 'not_before', not both.");
    job.not_before = now + std::chrono::seconds(*submission.delay_seconds);
  }
  LLMSPOOL_CHECK(check_not_before(job, now));
  if (job.deadline && *job.deadline <= now)
    return fail_field("deadline",
                      fmt::format("{} is not in the future.", format_time(*job.deadline)));
  return {};
}

}  // namespace

Result<store::Submission> take_in(const Caller& caller, Submission submission,
                                  const plugin::Registry& plugins,
                                  const pipeline::Library& pipelines, std::size_t input_bytes_max,
                                  Time now) {
  LLMSPOOL_CHECK(check_size(submission.request, input_bytes_max));
  if (submission.choose_pipeline) LLMSPOOL_CHECK(choose_pipeline(submission, pipelines));
  LLMSPOOL_TRY(definition, check_pipeline(submission, pipelines));
  LLMSPOOL_CHECK(choose_backend(submission, plugins));
  LLMSPOOL_CHECK(check_target(submission.job, plugins));
  LLMSPOOL_CHECK(check_all_params(submission, plugins));
  if (definition != nullptr)
    LLMSPOOL_CHECK(
        check_params_of_steps(*definition, *plugins.backend(submission.job.backend), plugins));
  LLMSPOOL_CHECK(check_times(submission, now));
  submission.job.owner = caller.owner;
  return store::Submission{.job = std::move(submission.job),
                           .request = std::move(submission.request),
                           .hold = submission.hold,
                           .idempotency_key = std::move(submission.idempotency_key),
                           .fingerprint = std::move(submission.fingerprint)};
}

Result<void> check_not_before(const job::Job& job, Time now) {
  if (!job.not_before) return {};
  if (*job.not_before > now + limits::kDelayMax)
    return fail_field("not_before", "it may be at most a year ahead.");
  if (job.deadline && *job.deadline <= *job.not_before)
    return fail_field("not_before",
                      fmt::format("the job may start at {} and is to have ended by "
                                  "{}, its deadline.",
                                  format_time(*job.not_before), format_time(*job.deadline)));
  return {};
}

Result<void> check_target(const job::Job& job, const plugin::Registry& plugins) {
  LLMSPOOL_CHECK(check_known(job.backends, plugins));
  return check_model(job, plugins);
}

}  // namespace llmspool::spool
