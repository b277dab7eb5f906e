// SPDX-License-Identifier: MIT
// Backends that let exceptions out. Of the first the first start throws, the first generation, each
// list of models and the end; it logs that it starts. The second cannot be made.
#include <llmspool/plugin.h>

#include <cstring>
#include <stdexcept>

#include "entry.h"

namespace {

const llmspool_host_t* host_of_all;
int starts, generations;

llmspool_status_t models(const llmspool_backend_t*, void (*)(void*, const llmspool_model_t*), void*,
                         llmspool_error_t*) {
  throw std::runtime_error("no models today");
}
llmspool_status_t start(const llmspool_backend_t*, llmspool_error_t*) {
  host_of_all->log(host_of_all, LLMSPOOL_LOG_INFO, {"starting", 8});
  if (starts++ == 0) throw std::runtime_error("not in the mood");
  return LLMSPOOL_OK;
}
llmspool_verdict_t generate(const llmspool_backend_t*, const llmspool_request_t*,
                            const llmspool_run_t*, llmspool_error_t*) {
  if (generations++ == 0) throw 42;
  return LLMSPOOL_DONE;
}
void end(const llmspool_backend_t*) {
  throw std::runtime_error("no end");
}

const llmspool_backend_t backend = {
    sizeof backend, nullptr, models, start, generate, end, end, nullptr,
};
const llmspool_descriptor_t descriptor = {.struct_size = sizeof descriptor,
                                          .flags = LLMSPOOL_CONCURRENT,
                                          .id = "throws",
                                          .name = "Throws",
                                          .description = "Lets exceptions out",
                                          .option_count = 0,
                                          .options = nullptr,
                                          .param_count = 0,
                                          .params = nullptr};
const llmspool_backend_factory_t factory = {
    .struct_size = sizeof factory,
    .count = 2,
    .describe = [](uint32_t) { return &descriptor; },
    .create = [](uint32_t index, const llmspool_host_t* host, const llmspool_table_t*,
                 llmspool_error_t*) -> const llmspool_backend_t* {
      if (index == 1) throw std::runtime_error("made of nothing");
      host_of_all = host;
      starts = generations = 0;
      return &backend;
    }};
const void* get_factory(const char* id) {
  return std::strcmp(id, LLMSPOOL_BACKENDS_V1) == 0 ? &factory : nullptr;
}

}  // namespace

LIAR_ENTRY("t.throws", "Throws");
