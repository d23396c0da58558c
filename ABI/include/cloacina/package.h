/* The one table a package exports. */
#ifndef CLOACINA_PACKAGE_H
#define CLOACINA_PACKAGE_H

#include "call.h"
#include "task.h"
#include "types.h"
#include "version.h"

CLOACINA_BEGIN_C

/* The package's own state, made by `open`; opaque to the host. */
typedef struct cloacina_instance cloacina_instance;

/* What the host offers from `open` to `close`. */
typedef struct cloacina_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void *CLOACINA_NULLABLE context; /* the host's; do not read */
  /* [loader] Says in a sentence why `open` will fail. */
  void (*CLOACINA_NONNULL explain)(const struct cloacina_host *CLOACINA_NONNULL host, cloacina_text reason);
  /* [any] Writes a log line. */
  void (*CLOACINA_NONNULL log)(const struct cloacina_host *CLOACINA_NONNULL host, int32_t level, cloacina_text line);
  /* [any] An ability by its id `cloacina.<name>/<revision>`, or null; valid until `close` returns. */
  const void *CLOACINA_NULLABLE (*CLOACINA_NONNULL extension)(const struct cloacina_host *CLOACINA_NONNULL host,
                                                              const char *CLOACINA_NONNULL id);
} cloacina_host;

/* Features a package needs from its host, as bits of `required_features`.
 * None is defined in 1.0; a set bit that the host does not know refuses the load. */

typedef struct cloacina_package {
  uint32_t struct_size;
  uint16_t abi_major;             /* CLOACINA_ABI_MAJOR it was built with */
  uint16_t abi_minor;             /* CLOACINA_ABI_MINOR it was built with */
  uint16_t needs_host_minor;      /* least host minor it works with */
  uint16_t reserved;              /* must be zero */
  uint32_t reserved2;             /* must be zero */
  uint64_t required_features;
  cloacina_text name;
  cloacina_text version;          /* semantic version */
  cloacina_text description;
  cloacina_text author;
  cloacina_text fingerprint;      /* of the source; may be empty */
  cloacina_text compiler;         /* "swift-6.3.1" binds the package to a host's runtime; empty: unbound */
  size_t workflow_count;
  const cloacina_workflow *CLOACINA_NONNULL const *CLOACINA_NONNULL workflows;
  /* [loader] Makes the instance; may be null. DONE, or another status after `explain`. */
  cloacina_status (*CLOACINA_NULLABLE open)(const cloacina_host *CLOACINA_NONNULL host,
                                            cloacina_instance *CLOACINA_NULLABLE *CLOACINA_NONNULL instance);
  /* [worker] Runs one attempt; may be called on several threads at once, with different calls. */
  cloacina_status (*CLOACINA_NONNULL run)(cloacina_instance *CLOACINA_NULLABLE instance,
                                          const cloacina_call *CLOACINA_NONNULL call);
  /* [loader] Ends the instance after its last call has returned; may be null. */
  void (*CLOACINA_NULLABLE close)(cloacina_instance *CLOACINA_NULLABLE instance);
  /* [any] An ability of the package by id, or null; may be null itself. */
  const void *CLOACINA_NULLABLE (*CLOACINA_NULLABLE extension)(const char *CLOACINA_NONNULL id);
} cloacina_package;

/* [loader] The one required symbol: does no work, returns constant data. */
CLOACINA_EXPORT const cloacina_package *CLOACINA_NULLABLE cloacina_package_v1(void);

/* For programs that read a library without this header's host: plain C strings, constant. */
typedef struct cloacina_package_metadata {
  const char *CLOACINA_NONNULL package;
  const char *CLOACINA_NONNULL version;
  const char *CLOACINA_NONNULL description;
  const char *CLOACINA_NONNULL author;
  const char *CLOACINA_NONNULL fingerprint;
} cloacina_package_metadata;

/* [loader] Optional: who this library is. */
CLOACINA_EXPORT const cloacina_package_metadata *CLOACINA_NULLABLE get_package_metadata_abi(void);

/* [loader] Optional: the tasks this library contributes to `workflow_id`, to be registered by the caller
 * under tenant::package::workflow::task. Null if either text is null or empty, or the workflow unknown. */
CLOACINA_EXPORT const cloacina_workflow *CLOACINA_NULLABLE
register_tasks_abi(const char *CLOACINA_NULLABLE tenant_id, const char *CLOACINA_NULLABLE workflow_id);

CLOACINA_END_C

#endif
