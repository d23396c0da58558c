/* The one function that maps foreign code, and what can be done with the result.
 * Both the runner and the in-process host use it; nothing else calls dlopen. */
#ifndef CLOACINA_PACKAGE_IMAGE_H
#define CLOACINA_PACKAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "runner_frames.h"

typedef struct cloacina_image cloacina_image;

/* Why an image was refused: a stable code (`CLO-P0nn`) and a sentence. */
typedef struct cloacina_image_error {
  char code[16];
  char sentence[496];
  uint8_t is_mapped; /* not 0: the library was mapped before it was refused, and stays so */
} cloacina_image_error;

/* What an ELF file says of itself, read without mapping it as code. */
typedef struct cloacina_elf_facts {
  uint16_t machine;            /* e_machine: 62 x86-64, 183 AArch64 */
  uint8_t exports_entry_point; /* defines cloacina_package_v1 */
  uint8_t has_text_relocations;
  uint8_t executable_stack;
  uint32_t needed_count;       /* DT_NEEDED entries */
  uint32_t export_count;       /* defined dynamic symbols with global or weak binding */
} cloacina_elf_facts;

/* Checks that `bytes` are a shared library for this machine that exports the entry point, without
 * running anything. 0, or -1 with `error` filled. Every offset is bounds-checked: the bytes are hostile. */
int cloacina_elf_inspect(const uint8_t *bytes, size_t count, cloacina_elf_facts *facts, cloacina_image_error *error);

/* Calls `visit` with the name of each defined dynamic symbol with global or weak binding, in the order of the file.
 * The name is borrowed for the call and not ended by a zero. 0, or -1 with `error` filled; nothing is run. */
int cloacina_elf_exports(const uint8_t *bytes, size_t count, void *context,
                         void (*visit)(void *context, const char *name, size_t count), cloacina_image_error *error);

/* Copies `bytes` into a new memfd sealed against write, grow, shrink and further seals.
 * The descriptor (close-on-exec), or -1 with errno. */
int cloacina_sealed_memfd(const char *name, const uint8_t *bytes, size_t count);

/* Inspects the sealed library `fd`, maps it (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, a path never used
 * before) and validates its descriptor. Null with `error` filled when refused. Never unmapped.
 * `swift_compiler`: the compiler name the host's Swift runtime belongs to ("swift-6.3.1"), or null when
 * there is none; a package bound to another compiler is refused. */
cloacina_image *cloacina_image_open(int fd, const char *swift_compiler, cloacina_image_error *error);

/* The descriptor as JSON text (see PackageDescriptor), owned by the image. */
const char *cloacina_image_descriptor(const cloacina_image *image, size_t *count);

/* Calls the package's `open`. 0, or -1 with `error` filled. Log lines go to `log` (may be null). */
int cloacina_image_start(cloacina_image *image,
                         void (*log)(void *context, int32_t level, const char *utf8, size_t count), void *context,
                         cloacina_image_error *error);

/* Calls the package's `close`, after the last call has returned. */
void cloacina_image_stop(cloacina_image *image);

/* One attempt; every pointer is borrowed for the duration of cloacina_image_run. */
typedef struct cloacina_image_call {
  uint32_t workflow_index, task_index, attempt;
  int64_t deadline_unix_ms;
  const char *run_id; size_t run_id_count;
  const char *idempotency_key; size_t idempotency_key_count;
  const char *traceparent; size_t traceparent_count;
  const uint8_t *input; size_t input_count;
  size_t output_cap;                 /* bytes; more than that ends in misuse "output too large" */
  const volatile uint8_t *cancelled; /* not 0 once the host wants the attempt to stop */
  void *context;                     /* passed to the functions below, each of which may be null */
  void (*log)(void *context, int32_t level, const char *utf8, size_t count);
  void (*heartbeat)(void *context, uint64_t extend_ms);
  void (*progress)(void *context, uint32_t permille, const char *utf8, size_t count);
} cloacina_image_call;

/* What the attempt left; freed with cloacina_image_reply_free. */
typedef struct cloacina_image_reply {
  int32_t status;          /* a cloacina_status */
  uint8_t *output; size_t output_count;
  char *explanation; size_t explanation_count;
} cloacina_image_reply;

/* Runs one attempt on the calling thread, which the package may block. */
void cloacina_image_run(cloacina_image *image, const cloacina_image_call *call, cloacina_image_reply *reply);
void cloacina_image_reply_free(cloacina_image_reply *reply);

#endif
