/* Bytes that grow, up to a cap. */
#ifndef CLOACINA_BUFFER_H
#define CLOACINA_BUFFER_H

#include <stddef.h>
#include <stdint.h>

typedef struct clo_buffer {
  char *bytes;      /* from malloc; null while empty */
  size_t count;
  size_t capacity;
  size_t cap;       /* most bytes it may hold */
  uint8_t overflow; /* something did not fit, by cap or by memory; nothing is added any more */
} clo_buffer;

/* Adds `count` bytes, all or none. */
void clo_buffer_add(clo_buffer *buffer, const void *bytes, size_t count);
void clo_buffer_add_text(clo_buffer *buffer, const char *terminated);
void clo_buffer_add_number(clo_buffer *buffer, uint64_t number);

#endif
