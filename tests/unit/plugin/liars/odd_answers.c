/* SPDX-License-Identifier: MIT
 * A backend in plain C whose start fails once, and which then answers with what is no verdict. */
#include <llmspool/plugin.h>
#include <string.h>

#include "entry.h"

static int starts;

static llmspool_status_t models(const llmspool_backend_t *self,
                                void (*visit)(void *visitor, const llmspool_model_t *model),
                                void *visitor, llmspool_error_t *err) {
  (void)self, (void)visit, (void)visitor;
  strcpy(err->message, "the shelf is empty");
  return LLMSPOOL_UNAVAILABLE;
}
static llmspool_status_t start(const llmspool_backend_t *self, llmspool_error_t *err) {
  (void)self;
  if (starts++ > 0) return LLMSPOOL_OK;
  strcpy(err->message, "not in the mood");
  return LLMSPOOL_UNAVAILABLE;
}
static llmspool_verdict_t generate(const llmspool_backend_t *self,
                                   const llmspool_request_t *request, const llmspool_run_t *run,
                                   llmspool_error_t *err) {
  (void)self, (void)request, (void)run, (void)err;
  return 99;
}
static void stop(const llmspool_backend_t *self) {
  (void)self;
}
static void destroy(const llmspool_backend_t *self) {
  (void)self;
}
static const void *get_extension(const llmspool_backend_t *self, const char *id) {
  (void)self, (void)id;
  return 0;
}

static const llmspool_descriptor_t descriptor = {.struct_size = sizeof(llmspool_descriptor_t),
                                                 .id = "odd",
                                                 .name = "Odd",
                                                 .description = "Answers oddly"};
static const llmspool_descriptor_t *describe(uint32_t index) {
  (void)index;
  return &descriptor;
}
static const llmspool_backend_t backend = {
    sizeof(llmspool_backend_t), 0, models, start, generate, stop, destroy, get_extension,
};
static const llmspool_backend_t *create(uint32_t index, const llmspool_host_t *host,
                                        const llmspool_table_t *config, llmspool_error_t *err) {
  (void)index, (void)host, (void)config, (void)err;
  return &backend;
}
static const llmspool_backend_factory_t factory = {sizeof(llmspool_backend_factory_t), 1, describe,
                                                   create};
static const void *get_factory(const char *id) {
  return strcmp(id, LLMSPOOL_BACKENDS_V1) == 0 ? &factory : 0;
}

LIAR_ENTRY("t.odd", "Odd");
