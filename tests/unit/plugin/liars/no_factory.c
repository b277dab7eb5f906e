/* SPDX-License-Identifier: MIT
 * A plugin that offers nothing. */
#include <llmspool/plugin.h>

#include "entry.h"

static const void *get_factory(const char *id) {
  (void)id;
  return 0;
}

LIAR_ENTRY("t.none", "None");
