// SPDX-License-Identifier: MIT
// Backends and an optimizer of which each lacks something.
#include <llmspool/plugin.h>

#include <array>
#include <cstring>

#include "entry.h"

namespace {

using Backend = llmspool_backend_t;
using Optimizer = llmspool_optimizer_t;

constexpr Backend whole_backend() {
  return {
      .struct_size = sizeof(Backend),
      .plugin_data = nullptr,
      .models = [](const Backend*, void (*)(void*, const llmspool_model_t*), void*,
                   llmspool_error_t*) -> llmspool_status_t { return LLMSPOOL_OK; },
      .start = [](const Backend*, llmspool_error_t*) -> llmspool_status_t { return LLMSPOOL_OK; },
      .generate = [](const Backend*, const llmspool_request_t*, const llmspool_run_t*,
                     llmspool_error_t*) -> llmspool_verdict_t { return LLMSPOOL_DONE; },
      .stop = [](const Backend*) {},
      .destroy = [](const Backend*) {},
      .get_extension = nullptr};
}

template <auto member>
constexpr Backend backend_without() {
  auto backend = whole_backend();
  backend.*member = {};
  return backend;
}

struct Half {
  llmspool_descriptor_t descriptor;
  Backend backend;
};

constexpr llmspool_descriptor_t descriptor_of(const char* id) {
  return {.struct_size = sizeof(llmspool_descriptor_t),
          .flags = 0,
          .id = id,
          .name = id,
          .description = id,
          .option_count = 0,
          .options = nullptr,
          .param_count = 0,
          .params = nullptr};
}

constexpr std::array<Half, 6> kHalves{
    {{descriptor_of("sizeless"), backend_without<&Backend::struct_size>()},
     {descriptor_of("modelless"), backend_without<&Backend::models>()},
     {descriptor_of("startless"), backend_without<&Backend::start>()},
     {descriptor_of("mute"), backend_without<&Backend::generate>()},
     {descriptor_of("endless"), backend_without<&Backend::stop>()},
     {descriptor_of("eternal"), backend_without<&Backend::destroy>()}}};

constexpr llmspool_backend_factory_t kBackends{
    .struct_size = sizeof kBackends,
    .count = kHalves.size(),
    .describe = [](uint32_t index) { return &kHalves[index].descriptor; },
    .create = [](uint32_t index, const llmspool_host_t*, const llmspool_table_t*,
                 llmspool_error_t*) { return &kHalves[index].backend; }};

constexpr llmspool_descriptor_t kIdle = descriptor_of("idle");
constexpr Optimizer kOptimizer{.struct_size = sizeof kOptimizer,
                               .plugin_data = nullptr,
                               .process = nullptr,
                               .destroy = [](const Optimizer*) {},
                               .get_extension = nullptr};
constexpr llmspool_optimizer_factory_t kOptimizers{
    .struct_size = sizeof kOptimizers,
    .count = 1,
    .describe = [](uint32_t) { return &kIdle; },
    .create = [](uint32_t, const llmspool_host_t*, const llmspool_table_t*,
                 llmspool_error_t*) { return &kOptimizer; }};

const void* get_factory(const char* id) {
  if (std::strcmp(id, LLMSPOOL_BACKENDS_V1) == 0) return &kBackends;
  return std::strcmp(id, LLMSPOOL_OPTIMIZERS_V1) == 0 ? &kOptimizers : nullptr;
}

}  // namespace

LIAR_ENTRY("t.halves", "Halves");
