/* A mapped and checked library. */
#ifndef CLOACINA_IMAGE_H
#define CLOACINA_IMAGE_H

#include <cloacina/cloacina.h>

#include "buffer.h"
#include "package_image.h"

struct cloacina_image {
  const cloacina_package *package;
  cloacina_instance *instance;
  cloacina_host host;
  clo_buffer descriptor;
  void (*log)(void *context, int32_t level, const char *utf8, size_t count);
  void *log_context;
  char *explanation;   /* where `explain` of the host writes while `open` runs, else null */
  size_t explanation_capacity;
};

enum { longest_explanation = 4096, longest_log_line = 65536 };

/* `count` shortened to at most `most`, at the start of a character. */
size_t clo_shortened(const char *utf8, size_t count, size_t most);

#endif
