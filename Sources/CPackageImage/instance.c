/* The life of a package's instance: open and close. */
#include <string.h>

#include "image.h"
#include "refusal.h"

size_t clo_shortened(const char *utf8, size_t count, size_t most) {
  if (utf8 == NULL) return 0;
  if (count <= most) return count;
  while (most > 0 && ((unsigned char)utf8[most] & 0xC0) == 0x80) most--;
  return most;
}

static cloacina_image *image_of(const cloacina_host *host) { return host->context; }

static void explain(const cloacina_host *host, cloacina_text reason) {
  cloacina_image *image = image_of(host);
  if (image->explanation == NULL) return;
  size_t count = clo_shortened(reason.utf8, reason.count, image->explanation_capacity - 1);
  if (count > 0) memcpy(image->explanation, reason.utf8, count);
  image->explanation[count] = 0;
}

static void log_line(const cloacina_host *host, int32_t level, cloacina_text line) {
  const cloacina_image *image = image_of(host);
  if (image->log == NULL || line.utf8 == NULL) return;
  image->log(image->log_context, level, line.utf8, clo_shortened(line.utf8, line.count, longest_log_line));
}

static const void *no_extension(const cloacina_host *host, const char *id) {
  (void)host;
  (void)id;
  return NULL;
}

int cloacina_image_start(cloacina_image *image,
                         void (*log)(void *context, int32_t level, const char *utf8, size_t count), void *context,
                         cloacina_image_error *error) {
  char explanation[384] = "";
  image->log = log;
  image->log_context = context;
  image->host = (cloacina_host){
      .struct_size = sizeof image->host, .abi_major = CLOACINA_ABI_MAJOR, .abi_minor = CLOACINA_ABI_MINOR,
      .context = image, .explain = explain, .log = log_line, .extension = no_extension};
  if (image->package->open == NULL) return 0;
  image->explanation = explanation;
  image->explanation_capacity = sizeof explanation;
  cloacina_status status = image->package->open(&image->host, &image->instance);
  image->explanation = NULL;
  if (status == CLOACINA_DONE) return 0;
  return clo_refuse(error, REFUSED_OPEN, "the package could not open: %s (status %d)",
                    *explanation == 0 ? "it gave no reason" : explanation, status);
}

void cloacina_image_stop(cloacina_image *image) {
  if (image->package->close != NULL) image->package->close(image->instance);
  image->instance = NULL;
}
