// SPDX-License-Identifier: MIT
// What there is to work with: backends, optimizers, pipelines, plugins.
#include "http/api/catalog.hpp"

#include <cmath>

#include "http/api/arguments.hpp"

namespace llmspool::http {
namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& each : texts) list.emplace_back(each);
  return list;
}

std::string_view word_of(plugin::Parameter::Type type) {
  using Type = plugin::Parameter::Type;
  switch (type) {
    case Type::text:
      return "text";
    case Type::number:
      return "number";
    case Type::integer:
      return "integer";
    case Type::boolean:
      return "boolean";
    case Type::text_list:
      return "text_list";
    case Type::json:
      break;
  }
  return "json";
}

// Whole numbers without a fraction, as people write them.
json::value number_of(double number) {
  if (std::trunc(number) == number && std::abs(number) < 1e15) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

json::array params_of(const std::vector<plugin::Parameter>& params) {
  json::array list;
  for (const plugin::Parameter& each : params) {
    json::object object{
        {"name", each.name}, {"type", word_of(each.type)}, {"description", each.help}};
    if (each.minimum != 0 || each.maximum != 0) {
      object["minimum"] = number_of(each.minimum);
      object["maximum"] = number_of(each.maximum);
    }
    if (!each.choices.empty()) object["choices"] = list_of(each.choices);
    list.push_back(std::move(object));
  }
  return list;
}

json::object backend_of(const spool::Spool& spool, const plugin::Backend& backend,
                        const spool::QueueState::Backend& state) {
  const Availability availability = availability_of(backend, state);
  json::array ids, details;
  json::value default_model;
  for (const plugin::Model& model : availability.models) {
    ids.emplace_back(model.id);
    if (model.is_default) default_model = model.id;
    details.push_back(json::object{{"id", model.id},
                                   {"size_bytes", model.size_bytes},
                                   {"context_tokens", model.context_tokens},
                                   {"loaded", model.loaded}});
  }
  if (default_model.is_null() && !availability.models.empty()) {
    default_model = availability.models.front().id;
  }
  json::value reason;
  if (!availability.reason.empty()) reason = availability.reason;
  return {{"id", backend.id()},
          {"name", backend.name()},
          {"description", backend.description()},
          {"available", availability.reason.empty()},
          {"unavailable_reason", std::move(reason)},
          {"default", backend.id() == spool.plugins().default_backend()},
          {"default_model", std::move(default_model)},
          {"models", std::move(ids)},
          {"model_details", std::move(details)},
          {"params", params_of(backend.params())},
          {"concurrency", backend.concurrency()},
          {"running", state.running},
          {"waiting", state.waiting},
          {"paused", state.paused},
          {"accepting", state.accepting},
          {"circuit", spool::to_string(state.circuit)}};
}

asio::awaitable<Result<Response>> backends(const Services& services, const Request& request) {
  LLMSPOOL_CO_CHECK(check_query(request, {}));
  auto work = [&spool = services.spool]() -> Result<json::array> {
    json::array list;
    for (const auto& state : spool.backends()) {
      // Jobs may wait for one that is not there.
      if (const auto backend = spool.plugins().backend(state.id))
        list.push_back(backend_of(spool, *backend, state));
    }
    return list;
  };
  LLMSPOOL_CO_TRY(list, co_await services.read(std::move(work)));
  json::object body{{"backends", std::move(list)}};
  co_return json_response(200, body);
}

Result<Response> optimizers(const Services& services, const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {}));
  json::array list;
  for (const auto& optimizer : services.spool.plugins().optimizers()) {
    list.push_back(json::object{{"id", optimizer->id()},
                                {"name", optimizer->name()},
                                {"description", optimizer->description()},
                                {"params", params_of(optimizer->params())}});
  }
  return json_response(200, json::object{{"optimizers", std::move(list)}});
}

json::object input_of(const pipeline::Input& input) {
  const bool boolean = input.type == pipeline::Input::Type::boolean;
  return {{"name", input.name},
          {"type", boolean ? "boolean" : "text"},
          {"required", input.required},
          {"default", input.default_value},
          {"aliases", list_of(input.aliases)},
          {"description", input.description},
          {"max_bytes", input.bytes_max}};
}

json::object pipeline_of(const pipeline::Definition& definition) {
  json::array inputs, steps, outputs;
  for (const pipeline::Input& each : definition.inputs) inputs.push_back(input_of(each));
  for (const pipeline::Step& each : definition.steps) {
    steps.push_back(json::object{{"name", each.name}, {"label", each.label}});
  }
  for (const pipeline::Output& each : definition.outputs) {
    outputs.push_back(json::object{
        {"filename", each.file}, {"type", each.role}, {"media_type", each.media_type}});
  }
  return {{"name", definition.name},
          {"description", definition.description},
          {"inputs", std::move(inputs)},
          {"steps", std::move(steps)},
          {"outputs", std::move(outputs)}};
}

Result<Response> pipelines(const Services& services, const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {}));
  json::array list;
  const auto library = services.spool.pipelines();
  for (const auto& definition : library->all()) {
    list.push_back(pipeline_of(*definition));
  }
  return json_response(200, json::object{{"pipelines", std::move(list)}});
}

Result<Response> plugins(const Services& services, const Request& request) {
  LLMSPOOL_CHECK(check_query(request, {}));
  json::array list;
  for (const plugin::PluginInfo& each : services.spool.plugins().plugins()) {
    json::value reason;
    if (!each.reason.empty()) reason = each.reason;
    list.push_back(json::object{{"file", each.file},
                                {"id", each.id},
                                {"name", each.name},
                                {"version", each.version},
                                {"license", each.license},
                                {"loaded", each.loaded},
                                {"reason", std::move(reason)},
                                {"backends", list_of(each.backends)},
                                {"optimizers", list_of(each.optimizers)}});
  }
  return json_response(200, json::object{{"plugins", std::move(list)}});
}

}  // namespace

Availability availability_of(const plugin::Backend& backend,
                             const spool::QueueState::Backend& state) {
  Availability result;
  if (!state.stopped_reason.empty())
    result.reason = state.stopped_reason;
  else if (state.paused)
    result.reason = "It is paused.";
  else if (state.circuit == spool::Circuit::State::open && state.circuit_until)
    result.reason =
        "It kept failing and is left alone until " + format_time(*state.circuit_until) + ".";
  auto models = backend.models();
  if (models) {
    result.models = *std::move(models);
  } else if (result.reason.empty()) {
    result.reason = models.error().message;
  }
  return result;
}

void add_catalog_routes(Router& router, const Services& services) {
  add_route(router, services, "GET", "/api/backends", backends);
  router.add_plain("GET", "/api/optimizers",
                   [&services](const Request& request) { return optimizers(services, request); });
  router.add_plain("GET", "/api/pipelines",
                   [&services](const Request& request) { return pipelines(services, request); });
  router.add_plain("GET", "/api/plugins",
                   [&services](const Request& request) { return plugins(services, request); });
}

}  // namespace llmspool::http
