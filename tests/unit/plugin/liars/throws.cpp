// SPDX-License-Identifier: MIT
// A backend that lets exceptions out: its first start throws, and its first generation. It logs
// that it starts.
#include <llmspool/plugin.h>

#include <cstring>
#include <stdexcept>

#include "entry.h"

namespace {

const llmspool_host_t* host_of_all;
int starts, generations;

llmspool_status_t models(const llmspool_backend_t*, void (*)(void*, const llmspool_model_t*), void*,
                         llmspool_error_t*) {
  return LLMSPOOL_OK;
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
void ignore(const llmspool_backend_t*) {}

const llmspool_backend_t backend = {
    sizeof backend, nullptr, models, start, generate, ignore, ignore, nullptr,
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
    .count = 1,
    .describe = [](uint32_t) { return &descriptor; },
    .create = [](uint32_t, const llmspool_host_t* host, const llmspool_table_t*,
                 llmspool_error_t*) -> const llmspool_backend_t* {
      host_of_all = host;
      starts = generations = 0;
      return &backend;
    }};
const void* get_factory(const char* id) {
  return std::strcmp(id, LLMSPOOL_BACKENDS_V1) == 0 ? &factory : nullptr;
}

}  // namespace

LIAR_ENTRY("t.throws", "Throws");
