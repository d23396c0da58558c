#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int grow(clo_buffer *buffer, size_t needed) {
  size_t capacity = buffer->capacity == 0 ? 256 : buffer->capacity;
  while (capacity < needed) capacity *= 2;
  char *bytes = realloc(buffer->bytes, capacity);
  if (bytes == NULL) return -1;
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return 0;
}

void clo_buffer_add(clo_buffer *buffer, const void *bytes, size_t count) {
  if (count == 0 || buffer->overflow) return;
  int fits = count <= buffer->cap - buffer->count;
  if (!fits || (buffer->count + count > buffer->capacity && grow(buffer, buffer->count + count) != 0)) {
    buffer->overflow = 1;
    return;
  }
  memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

void clo_buffer_add_text(clo_buffer *buffer, const char *terminated) {
  clo_buffer_add(buffer, terminated, strlen(terminated));
}

void clo_buffer_add_number(clo_buffer *buffer, uint64_t number) {
  char digits[24];
  int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  clo_buffer_add(buffer, digits, (size_t)count);
}
