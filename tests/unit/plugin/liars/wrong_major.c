/* SPDX-License-Identifier: MIT
 * A plugin of a later ABI. */
#include <llmspool/plugin.h>

static const void *get_factory(const char *id) {
  (void)id;
  return 0;
}

LLMSPOOL_EXPORT const llmspool_plugin_entry_t llmspool_plugin = {
    sizeof(llmspool_plugin_entry_t),
    LLMSPOOL_ABI_MAJOR + 1,
    7,
    "t.later",
    "Later",
    "1",
    "MIT",
    get_factory,
};
