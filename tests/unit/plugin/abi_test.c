/* SPDX-License-Identifier: MIT
 * plugin.h is C11, and what version 1.0 promises has not moved. Checked by compiling. */
#include <llmspool/plugin.h>

#define AT(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " must stay where it is")
#define SIZE_AT_LEAST(type, size) _Static_assert(sizeof(type) >= (size), #type " may only grow")

/* As on every LP64 system. */
_Static_assert(sizeof(llmspool_str_t) == 16, "frozen for good");
AT(llmspool_plugin_entry_t, struct_size, 0);
AT(llmspool_plugin_entry_t, abi_major, 4);
AT(llmspool_plugin_entry_t, abi_minor, 8);
AT(llmspool_plugin_entry_t, id, 16);
AT(llmspool_plugin_entry_t, get_factory, 48);
AT(llmspool_backend_t, plugin_data, 8);
AT(llmspool_backend_t, models, 16);
AT(llmspool_backend_t, start, 24);
AT(llmspool_backend_t, generate, 32);
AT(llmspool_backend_t, stop, 40);
AT(llmspool_backend_t, destroy, 48);
AT(llmspool_backend_t, get_extension, 56);
AT(llmspool_backend_factory_t, count, 4);
AT(llmspool_backend_factory_t, describe, 8);
AT(llmspool_backend_factory_t, create, 16);
AT(llmspool_optimizer_t, process, 16);
AT(llmspool_optimizer_t, destroy, 24);
AT(llmspool_optimizer_t, get_extension, 32);
AT(llmspool_request_t, job_id, 8);
AT(llmspool_request_t, step, 24);
AT(llmspool_request_t, attempt, 40);
AT(llmspool_request_t, model, 48);
AT(llmspool_request_t, message_count, 64);
AT(llmspool_request_t, messages, 72);
AT(llmspool_request_t, params, 80);
AT(llmspool_run_t, cancelled, 16);
AT(llmspool_run_t, emit, 24);
AT(llmspool_run_t, progress, 32);
AT(llmspool_run_t, usage, 40);
AT(llmspool_run_t, finish_reason, 48);
AT(llmspool_run_t, log, 56);
AT(llmspool_error_t, message, 16);
AT(llmspool_error_t, credential, 528);
AT(llmspool_descriptor_t, id, 8);
AT(llmspool_descriptor_t, params, 56);
AT(llmspool_option_t, choices, 40);
AT(llmspool_host_t, log, 24);
AT(llmspool_host_t, data_directory, 48);
AT(llmspool_host_t, get_extension, 64);
AT(llmspool_task_t, params, 56);
AT(llmspool_results_t, generate, 40);
SIZE_AT_LEAST(llmspool_model_t, 40);
SIZE_AT_LEAST(llmspool_document_t, 56);
SIZE_AT_LEAST(llmspool_table_t, 72);
