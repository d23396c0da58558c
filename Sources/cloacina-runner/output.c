/* Frames to the executor. Threads add to one buffer; whichever finds nobody writing writes for all. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian, as is every supported machine");
_Static_assert(sizeof(cloacina_frame_header) == CLOACINA_FRAME_HEADER_SIZE, "the header is sent as it lies in memory");

enum { most_pending = 16 << 20, most_kept = 1 << 20 };

typedef struct bytes {
  uint8_t *start;
  size_t count, capacity;
} bytes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t written = PTHREAD_COND_INITIALIZER;
static bytes pending, leaving; /* what has gathered, and what the writer holds */
static int writing;

static void reserve(bytes *buffer, size_t more) {
  size_t needed = buffer->count + more, capacity = buffer->capacity == 0 ? 65536 : buffer->capacity;
  if (needed <= buffer->capacity) return;
  while (capacity < needed) capacity *= 2;
  uint8_t *start = realloc(buffer->start, capacity);
  if (start == NULL) end_with(CLOACINA_RUNNER_RESOURCES, "no memory is left for %zu bytes of replies", capacity);
  buffer->start = start;
  buffer->capacity = capacity;
}

static void append(bytes *buffer, const void *from, size_t count) {
  if (count == 0) return;
  memcpy(buffer->start + buffer->count, from, count);
  buffer->count += count;
}

static void write_all(const uint8_t *start, size_t count) {
  while (count > 0) {
    ssize_t sent = write(CLOACINA_RUNNER_SOCKET_FD, start, count);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) end_group(); /* the executor is gone */
    start += sent;
    count -= (size_t)sent;
  }
}

void output_add(uint16_t type, uint64_t call_id, const frame_part *parts, size_t part_count) {
  size_t size = 0;
  for (size_t index = 0; index < part_count; index++) size += parts[index].count;
  cloacina_frame_header header = {.payload_size = (uint32_t)size, .type = type, .call_id = call_id};
  pthread_mutex_lock(&lock);
  while (pending.count > most_pending && writing) pthread_cond_wait(&written, &lock);
  reserve(&pending, sizeof header + size);
  append(&pending, &header, sizeof header);
  for (size_t index = 0; index < part_count; index++) append(&pending, parts[index].bytes, parts[index].count);
  pthread_mutex_unlock(&lock);
}

static void write_pending(void) {
  bytes batch = pending;
  pending = leaving;
  leaving = batch;
  pthread_mutex_unlock(&lock);
  write_all(batch.start, batch.count);
  pthread_mutex_lock(&lock);
  leaving.count = 0;
  if (leaving.capacity > most_kept) {
    free(leaving.start);
    leaving = (bytes){0};
  }
  pthread_cond_broadcast(&written);
}

void output_flush(void) {
  pthread_mutex_lock(&lock);
  if (!writing) {
    writing = 1;
    while (pending.count > 0) write_pending();
    writing = 0;
    pthread_cond_broadcast(&written);
  }
  pthread_mutex_unlock(&lock);
}

void output_drain(void) {
  output_flush();
  pthread_mutex_lock(&lock);
  while (writing) pthread_cond_wait(&written, &lock);
  pthread_mutex_unlock(&lock);
}

void output_send(uint16_t type, uint64_t call_id, const void *number, size_t number_size, const char *utf8,
                 size_t count) {
  uint32_t size = (uint32_t)count;
  const frame_part parts[] = {{number, number_size}, {&size, sizeof size}, {utf8, count}};
  output_add(type, call_id, parts, 3);
  output_flush();
}
