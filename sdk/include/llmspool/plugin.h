/* SPDX-License-Identifier: MIT
 *
 * plugin.h: the C ABI between llmspoold and its plugins, major 1. C11 and C++20.
 *
 * A plugin is a shared library that exports one object, `llmspool_plugin`, and offers factories of
 * backends (which generate text) and of optimizers (which work on documents). C++ authors want
 * plugin.hpp, which wraps all of this.
 *
 * Threads. Every function says from where it may be called:
 *   [main]  the daemon's control thread, never two calls at once;
 *   [job]   a thread of the daemon that may block for as long as the work takes; never twice at
 * once on one instance unless its descriptor has LLMSPOOL_CONCURRENT; [any]   any thread, several
 * at once. States. An instance is created, then started, used, stopped, destroyed.
 *
 * Ownership. Every pointer is borrowed for the duration of the call unless said otherwise. Nobody
 * frees the other side's memory: results leave through a host function that copies. No exception
 * and no longjmp crosses the boundary. Text is UTF-8 unless said otherwise.
 *
 * Growth. A struct grows at its end only and always travels by pointer: never embedded in another,
 * never by value in an array (arrays hold pointers). `struct_size` is what the side that filled it
 * in was compiled with. Read a field that came after 1.0 only if LLMSPOOL_HAS() says it is there.
 * A minor version only adds; another major is refused when the plugin is loaded.
 */
#ifndef LLMSPOOL_PLUGIN_H
#define LLMSPOOL_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LLMSPOOL_ABI_MAJOR 1
#define LLMSPOOL_ABI_MINOR 0

/* True if the struct behind `p` reaches as far as field `f` and the field is set. */
#define LLMSPOOL_HAS(p, f) \
  (offsetof(__typeof__(*(p)), f) + sizeof((p)->f) <= (p)->struct_size && (p)->f)

#if defined(__GNUC__)
#define LLMSPOOL_EXPORT __attribute__((visibility("default")))
#else
#define LLMSPOOL_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A run of bytes, not ended by a zero. By value, so frozen for good. `data` may be null if size is
 * 0. */
typedef struct llmspool_str {
  const char *data;
  size_t size;
} llmspool_str_t;

/* How a call that can fail ended. Not an enum type: its size would be part of the ABI. */
typedef int32_t llmspool_status_t;
enum {
  LLMSPOOL_OK = 0,
  LLMSPOOL_INVALID = 1,     /* what was asked for is wrong: a bad option, an unknown model */
  LLMSPOOL_UNAVAILABLE = 2, /* it might work later */
  LLMSPOOL_UNSUPPORTED = 3, /* this plugin cannot do it */
  LLMSPOOL_INTERNAL = 4     /* a bug or a broken environment */
};

/* A plugin's answer to a piece of work: what the queue shall do next. The first seven are the
 * answers CUPS knows; CANCELLED only acknowledges that cancelled() was seen. */
typedef int32_t llmspool_verdict_t;
enum {
  LLMSPOOL_DONE = 0,
  /* This job will never work. With error.status LLMSPOOL_INVALID it is what the job asks for that
   * is wrong, which does not count against the backend. */
  LLMSPOOL_FAILED = 1,
  LLMSPOOL_RETRY_LATER = 2,        /* try again after a while (error.retry_after_seconds) */
  LLMSPOOL_RETRY_NOW = 3,          /* try this job again at once */
  LLMSPOOL_HOLD = 4,               /* hold the job until a person releases it */
  LLMSPOOL_STOP_QUEUE = 5,         /* stop this backend until a person resumes it; the job waits */
  LLMSPOOL_CREDENTIALS_NEEDED = 6, /* as STOP_QUEUE; error.credential names the missing secret */
  LLMSPOOL_CANCELLED = 7
};

/* Filled in by whoever fails. The caller sets struct_size and zeroes the rest before the call. */
typedef struct llmspool_error {
  uint32_t struct_size;
  llmspool_status_t status;
  double retry_after_seconds; /* with RETRY_LATER: at least this long, but 24 hours at most; 0: the
                               * host decides */
  char message[512];          /* one sentence for a person, zero-terminated */
  char credential[128];       /* with CREDENTIALS_NEEDED: the secret's name, zero-terminated */
} llmspool_error_t;

/* syslog's priorities. */
enum {
  LLMSPOOL_LOG_ERROR = 3,
  LLMSPOOL_LOG_WARNING = 4,
  LLMSPOOL_LOG_INFO = 6,
  LLMSPOOL_LOG_DEBUG = 7
};

/* A read-only view of one JSON object (a configuration table, a job's params), owned by the host.
 * All functions [any]. A key that is missing or of another type gives false and leaves *out alone.
 * Text stays valid as long as the table. */
typedef struct llmspool_table {
  uint32_t struct_size;
  const void *host_data;
  llmspool_str_t json; /* the whole object */
  bool (*text)(const struct llmspool_table *self, llmspool_str_t key, llmspool_str_t *out);
  bool (*number)(const struct llmspool_table *self, llmspool_str_t key, double *out);
  bool (*boolean)(const struct llmspool_table *self, llmspool_str_t key, bool *out);
  /* The index-th text of a list of texts; a single text counts as a list of one. */
  bool (*item)(const struct llmspool_table *self, llmspool_str_t key, size_t index,
               llmspool_str_t *out);
  /* The value under `key` as JSON, whatever its type. */
  bool (*value)(const struct llmspool_table *self, llmspool_str_t key, llmspool_str_t *out);
} llmspool_table_t;

/* What the daemon gives an instance. Valid until destroy() has returned. All functions [any]. */
typedef struct llmspool_host {
  uint32_t struct_size;
  uint32_t abi_major, abi_minor; /* the daemon's */
  void *host_data;
  /* Priorities as above. Never log prompts, answers or secrets. */
  void (*log)(const struct llmspool_host *host, int32_t priority, llmspool_str_t message);
  /* Copies the secret's bytes to `buffer` and returns their number; -1 if there is none of that
   * name; a number above `capacity` means that nothing was copied. */
  int64_t (*secret)(const struct llmspool_host *host, llmspool_str_t name, char *buffer,
                    size_t capacity);
  /* Nanoseconds on the daemon's steady clock. */
  int64_t (*now_ns)(const struct llmspool_host *host);
  /* A folder of the instance's own that outlives the daemon; it exists. */
  llmspool_str_t data_directory;
  /* An extension by its id ("llmspool.NAME/REV", "org.vendor.NAME/REV"), or null. */
  const void *(*get_extension)(const struct llmspool_host *host, const char *id);
} llmspool_host_t;

/* One chat message. */
typedef struct llmspool_message {
  uint32_t struct_size;
  llmspool_str_t role; /* "system", "user" or "assistant" */
  llmspool_str_t content;
} llmspool_message_t;

/* What a backend is asked to generate. */
typedef struct llmspool_request {
  uint32_t struct_size;
  llmspool_str_t job_id; /* for logs */
  llmspool_str_t step;   /* the pipeline step's name */
  uint32_t attempt;      /* 1, 2, 3 ... of this job */
  llmspool_str_t model;  /* one of the backend's models, or empty: the backend's default */
  size_t message_count;  /* at least 1 */
  const llmspool_message_t *const *messages;
  /* temperature, top_p, max_tokens, seed, stop, json_schema and the descriptor's own params. The
   * host has checked names and types against the descriptor. */
  const llmspool_table_t *params;
} llmspool_request_t;

enum {
  LLMSPOOL_PHASE_LOAD = 1,
  LLMSPOOL_PHASE_PROMPT = 2,
  LLMSPOOL_PHASE_GENERATE = 3,
  LLMSPOOL_PHASE_WORK = 4,
  /* The work waits for other work of the same plugin, until another phase is told. Timeouts for the
   * backend's silence do not count meanwhile. */
  LLMSPOOL_PHASE_WAIT = 5
};

/* The host's side of one piece of running work. Valid until generate() or process() returns. */
typedef struct llmspool_run {
  uint32_t struct_size;
  void *host_data;
  /* [any] Cheap: poll it. Once true it stays true; return LLMSPOOL_CANCELLED soon (within 200 ms).
   */
  bool (*cancelled)(const struct llmspool_run *run);
  /* [any] A piece of the answer. Copies; may block for a moment. Pieces may end within a UTF-8
   * character; the whole must be UTF-8 (the host replaces what is not). */
  void (*emit)(const struct llmspool_run *run, llmspool_str_t text);
  /* [any] How far a phase is: 0 <= done <= total; total 0: not known. Cheap enough for every token.
   */
  void (*progress)(const struct llmspool_run *run, int32_t phase, uint64_t done, uint64_t total);
  /* [any] Tokens so far, of the prompt and of the answer; later calls replace earlier ones. */
  void (*usage)(const struct llmspool_run *run, uint64_t prompt_tokens, uint64_t completion_tokens);
  /* [any] Why the text ended: "stop" (the default) or "length". */
  void (*finish_reason)(const struct llmspool_run *run, llmspool_str_t reason);
  /* [any] As host->log, with the job's id and step attached. */
  void (*log)(const struct llmspool_run *run, int32_t priority, llmspool_str_t message);
} llmspool_run_t;

enum {
  LLMSPOOL_CONCURRENT = 1, /* generate()/process() may run several times at once on one instance */
  LLMSPOOL_LAST_CHOICE = 2 /* a backend for trials: jobs that name none get it only where there is
                            * no other; meaningless for an optimizer */
};

/* Types of an option or param. */
enum {
  LLMSPOOL_TYPE_TEXT = 1,
  LLMSPOOL_TYPE_NUMBER = 2,
  LLMSPOOL_TYPE_INTEGER = 3,
  LLMSPOOL_TYPE_BOOLEAN = 4,
  LLMSPOOL_TYPE_TEXT_LIST = 5, /* a text or a list of texts */
  LLMSPOOL_TYPE_JSON = 6       /* any JSON value */
};

/* One key that an instance's configuration table or a job's params may have. */
typedef struct llmspool_option {
  uint32_t struct_size;
  int32_t type;
  const char *name;
  const char *help;        /* one line, with the unit and the default */
  double minimum, maximum; /* for NUMBER and INTEGER; both 0: no bounds */
  const char *choices;     /* for TEXT: "one|two|three", or null: any text */
} llmspool_option_t;

/* Static facts of one backend or optimizer; valid as long as the library is loaded. */
typedef struct llmspool_descriptor {
  uint32_t struct_size;
  uint32_t flags;
  const char *id;          /* [a-z][a-z0-9_-]*, at most 64: the name in configurations and jobs */
  const char *name;        /* for people */
  const char *description; /* one sentence */
  size_t option_count;     /* keys of [backends.NAME] or [optimizers.NAME] */
  const llmspool_option_t *const *options;
  size_t param_count; /* keys of a job's "params", besides those every backend takes */
  const llmspool_option_t *const *params;
} llmspool_descriptor_t;

enum { LLMSPOOL_MODEL_LOADED = 1, LLMSPOOL_MODEL_DEFAULT = 2 };

typedef struct llmspool_model {
  uint32_t struct_size;
  uint32_t flags;
  llmspool_str_t id;       /* what a job names */
  uint64_t size_bytes;     /* 0: not known */
  uint32_t context_tokens; /* 0: not known before it is loaded */
} llmspool_model_t;

/* One configured backend, owned by the plugin until destroy(). */
typedef struct llmspool_backend {
  uint32_t struct_size;
  void *plugin_data;
  /* [any] Calls `visit` for each model there is now. Quick: looks, but loads nothing. */
  llmspool_status_t (*models)(const struct llmspool_backend *self,
                              void (*visit)(void *visitor, const llmspool_model_t *model),
                              void *visitor, llmspool_error_t *err);
  /* [job, created] May be slow. Called once before the first generate(), again if it failed: then
   * the job is tried again with LLMSPOOL_UNAVAILABLE, or with err->credential as with
   * CREDENTIALS_NEEDED; with any other status it fails. */
  llmspool_status_t (*start)(const struct llmspool_backend *self, llmspool_error_t *err);
  /* [job, started] */
  llmspool_verdict_t (*generate)(const struct llmspool_backend *self,
                                 const llmspool_request_t *request, const llmspool_run_t *run,
                                 llmspool_error_t *err);
  /* [job, started] No generate() is in flight. */
  void (*stop)(const struct llmspool_backend *self);
  /* [main, not started] */
  void (*destroy)(const struct llmspool_backend *self);
  /* [any] An extension by its id, or null. */
  const void *(*get_extension)(const struct llmspool_backend *self, const char *id);
} llmspool_backend_t;

/* "llmspool.backends/1" */
typedef struct llmspool_backend_factory {
  uint32_t struct_size;
  uint32_t count;
  const llmspool_descriptor_t *(*describe)(uint32_t index); /* [any] */
  /* [main] Quick, touches no device. Checks `config`; null and *err on failure. `host` stays
   * valid until destroy(); `config` only for this call. */
  const llmspool_backend_t *(*create)(uint32_t index, const llmspool_host_t *host,
                                      const llmspool_table_t *config, llmspool_error_t *err);
} llmspool_backend_factory_t;

/* A document that an optimizer gets. */
typedef struct llmspool_document {
  uint32_t struct_size;
  llmspool_str_t name;       /* as the pipeline step calls it: "cv", "text", ... */
  llmspool_str_t media_type; /* "text/plain", "text/markdown", ... */
  llmspool_str_t content;
} llmspool_document_t;

/* What an optimizer is asked to do. Work on a prompt before a backend sees it, and on a text after,
 * is one document named "text". */
typedef struct llmspool_task {
  uint32_t struct_size;
  llmspool_str_t job_id, step;
  size_t document_count;
  const llmspool_document_t *const *documents;
  const llmspool_table_t *params; /* checked against the descriptor */
} llmspool_task_t;

/* Where an optimizer's results go. Valid until process() returns; each call copies. [job] */
typedef struct llmspool_results {
  uint32_t struct_size;
  void *host_data;
  /* Sets a document, replacing an earlier one of that name. The one named "text" is the step's
   * text: what later steps and outputs see as `steps.NAME.text`. */
  void (*document)(const struct llmspool_results *results, llmspool_str_t name,
                   llmspool_str_t media_type, llmspool_str_t content);
  /* 0 to 100. */
  void (*score)(const struct llmspool_results *results, double score);
  /* A JSON object with findings for programs; what a pipeline can hoist. */
  void (*report)(const struct llmspool_results *results, llmspool_str_t json_object);
  /* Generates with the job's backend and model; `append` gets the text piece by piece. Blocks. */
  llmspool_verdict_t (*generate)(const struct llmspool_results *results, llmspool_str_t prompt,
                                 void (*append)(void *context, llmspool_str_t text), void *context,
                                 llmspool_error_t *err);
} llmspool_results_t;

/* One configured optimizer, owned by the plugin until destroy(). */
typedef struct llmspool_optimizer {
  uint32_t struct_size;
  void *plugin_data;
  /* [job] */
  llmspool_verdict_t (*process)(const struct llmspool_optimizer *self, const llmspool_task_t *task,
                                const llmspool_run_t *run, const llmspool_results_t *results,
                                llmspool_error_t *err);
  /* [main] */
  void (*destroy)(const struct llmspool_optimizer *self);
  /* [any] An extension by its id, or null. */
  const void *(*get_extension)(const struct llmspool_optimizer *self, const char *id);
} llmspool_optimizer_t;

/* "llmspool.optimizers/1" */
typedef struct llmspool_optimizer_factory {
  uint32_t struct_size;
  uint32_t count;
  const llmspool_descriptor_t *(*describe)(uint32_t index); /* [any] */
  const llmspool_optimizer_t *(*create)(uint32_t index, const llmspool_host_t *host,
                                        const llmspool_table_t *config,
                                        llmspool_error_t *err); /* [main] */
} llmspool_optimizer_factory_t;

#define LLMSPOOL_BACKENDS_V1 "llmspool.backends/1"
#define LLMSPOOL_OPTIMIZERS_V1 "llmspool.optimizers/1"

/* What a plugin exports, by the name `llmspool_plugin`. */
typedef struct llmspool_plugin_entry {
  uint32_t struct_size, abi_major, abi_minor; /* these three never move, whatever the major */
  const char *id;                             /* "org.example.echo" */
  const char *name;                           /* for people */
  const char *version;                        /* the plugin's own */
  const char *license;                        /* SPDX */
  /* [any] A factory by its id, or null. */
  const void *(*get_factory)(const char *id);
} llmspool_plugin_entry_t;

#ifdef __cplusplus
}
#endif
#endif /* LLMSPOOL_PLUGIN_H */
