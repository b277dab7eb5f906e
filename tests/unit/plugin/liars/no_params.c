/* SPDX-License-Identifier: MIT
 * A plugin that counts a param and lists none. */
#include <llmspool/plugin.h>
#include <string.h>

#include "entry.h"

static const llmspool_descriptor_t descriptor = {.struct_size = sizeof(llmspool_descriptor_t),
                                                 .id = "forgetful",
                                                 .name = "Forgetful",
                                                 .description = "Lists no params",
                                                 .param_count = 1};
static const llmspool_descriptor_t *describe(uint32_t index) {
  (void)index;
  return &descriptor;
}
static const llmspool_backend_t *create(uint32_t index, const llmspool_host_t *host,
                                        const llmspool_table_t *config, llmspool_error_t *err) {
  (void)index, (void)host, (void)config, (void)err;
  return 0;
}
static const llmspool_backend_factory_t factory = {sizeof(llmspool_backend_factory_t), 1, describe,
                                                   create};
static const void *get_factory(const char *id) {
  return strcmp(id, LLMSPOOL_BACKENDS_V1) == 0 ? &factory : 0;
}

LIAR_ENTRY("t.forgetful", "Forgetful");
