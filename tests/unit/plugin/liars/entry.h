/* SPDX-License-Identifier: MIT
 * The entry of a plugin that lies elsewhere: in what get_factory(), of its own file, gives. */
#pragma once

#include <llmspool/plugin.h>

#ifdef __cplusplus
#define LIAR_LINKAGE extern "C"
#else
#define LIAR_LINKAGE
#endif

#define LIAR_ENTRY(id, name)                                                     \
  LIAR_LINKAGE LLMSPOOL_EXPORT const llmspool_plugin_entry_t llmspool_plugin = { \
      sizeof(llmspool_plugin_entry_t),                                           \
      LLMSPOOL_ABI_MAJOR,                                                        \
      LLMSPOOL_ABI_MINOR,                                                        \
      id,                                                                        \
      name,                                                                      \
      "1",                                                                       \
      "MIT",                                                                     \
      get_factory,                                                               \
  }
