/* The main thread: frames in. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

enum { first_capacity = 256 << 10 };

typedef struct input {
  uint8_t *bytes;
  size_t count, capacity;
  size_t output_cap;
  int closing; /* SHUTDOWN has come */
  runner_call *first, *last; /* calls parsed and not yet submitted */
  size_t calls;
} input;

static void submit(input *input) {
  if (input->calls == 0) return;
  pool_submit(input->first, input->last, input->calls);
  input->first = input->last = NULL;
  input->calls = 0;
}

static void take_call(input *input, const cloacina_frame_header *header, const uint8_t *payload) {
  runner_call *call = call_make(header->call_id, payload, header->payload_size, input->output_cap);
  if (call == NULL || input->closing)
    end_with(CLOACINA_RUNNER_PROTOCOL, "call %llu is malformed or comes after the end",
             (unsigned long long)header->call_id);
  if (input->first == NULL) input->first = call;
  else input->last->next = call;
  input->last = call;
  input->calls++;
}

static void take_frame(input *input, const cloacina_frame_header *header, const uint8_t *payload) {
  switch (header->type) {
    case CLOACINA_FRAME_CALL:
      take_call(input, header, payload);
      return;
    case CLOACINA_FRAME_CANCEL:
      submit(input);
      pool_cancel(header->call_id);
      return;
    case CLOACINA_FRAME_SHUTDOWN:
      submit(input);
      input->closing = 1;
      pool_close();
      return;
    default:
      end_with(CLOACINA_RUNNER_PROTOCOL, "frame of unknown type %u", header->type);
  }
}

/* Makes room for a frame of `size` bytes, and gives back what a rare long one needed. */
static void resize(input *input, size_t size) {
  size_t capacity = size > first_capacity ? size : first_capacity;
  if (capacity == input->capacity) return;
  uint8_t *bytes = realloc(input->bytes, capacity);
  if (bytes == NULL) end_with(CLOACINA_RUNNER_RESOURCES, "no memory is left for a frame of %zu bytes", capacity);
  input->bytes = bytes;
  input->capacity = capacity;
}

static void take_frames(input *input) {
  size_t done = 0, needed = 0;
  cloacina_frame_header header;
  while (input->count - done >= sizeof header) {
    memcpy(&header, input->bytes + done, sizeof header);
    if (header.payload_size > CLOACINA_FRAME_LONGEST || header.reserved != 0)
      end_with(CLOACINA_RUNNER_PROTOCOL, "malformed frame: type %u, %u bytes", header.type, header.payload_size);
    size_t size = sizeof header + header.payload_size;
    if (input->count - done < size) {
      needed = size;
      break;
    }
    take_frame(input, &header, input->bytes + done + sizeof header);
    done += size;
  }
  submit(input);
  input->count -= done;
  memmove(input->bytes, input->bytes + done, input->count);
  resize(input, needed);
}

static void read_some(input *input) {
  ssize_t count = read(CLOACINA_RUNNER_SOCKET_FD, input->bytes + input->count, input->capacity - input->count);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) end_group(); /* the executor is gone */
  input->count += (size_t)count;
  take_frames(input);
}

/* Once SHUTDOWN has come: 1 when the last reply is on its way, else frames can be read. */
static int has_ended(void) {
  struct pollfd watched[] = {{.fd = pool_end_fd(), .events = POLLIN},
                             {.fd = CLOACINA_RUNNER_SOCKET_FD, .events = POLLIN}};
  int ready;
  do ready = poll(watched, 2, -1);
  while (ready < 0 && errno == EINTR);
  return watched[0].revents != 0;
}

void serve(size_t output_cap) {
  input input = {.output_cap = output_cap};
  resize(&input, first_capacity);
  while (!input.closing || !has_ended()) read_some(&input);
  free(input.bytes);
}
