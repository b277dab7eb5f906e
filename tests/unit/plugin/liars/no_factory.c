/* SPDX-License-Identifier: MIT
 * A plugin that offers nothing. */
#include <llmspool/plugin.h>

static const void *get_factory(const char *id) {
  (void)id;
  return 0;
}

LLMSPOOL_EXPORT const llmspool_plugin_entry_t llmspool_plugin = {
    sizeof(llmspool_plugin_entry_t),
    LLMSPOOL_ABI_MAJOR,
    LLMSPOOL_ABI_MINOR,
    "t.none",
    "None",
    "1",
    "MIT",
    get_factory,
};
