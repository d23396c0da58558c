/* A call between its frame and its result. */
#include <cloacina/types.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

typedef struct reader {
  const uint8_t *next;
  size_t left;
  int malformed;
} reader;

static void read_bytes(reader *reader, void *into, size_t count) {
  if (count > reader->left) {
    reader->malformed = 1;
    memset(into, 0, count);
    return;
  }
  memcpy(into, reader->next, count);
  reader->next += count;
  reader->left -= count;
}

static const void *read_string(reader *reader, size_t *count) {
  uint32_t stated;
  read_bytes(reader, &stated, sizeof stated);
  if (stated > reader->left) reader->malformed = 1;
  if (reader->malformed) return NULL;
  const void *start = reader->next;
  reader->next += stated;
  reader->left -= stated;
  *count = stated;
  return start;
}

static void log_line(void *context, int32_t level, const char *utf8, size_t count) {
  const runner_call *call = context;
  output_send(CLOACINA_FRAME_LOG, call->id, &level, sizeof level, utf8, count);
}

static void heartbeat(void *context, uint64_t extend_ms) {
  const runner_call *call = context;
  const frame_part part = {&extend_ms, sizeof extend_ms};
  output_add(CLOACINA_FRAME_HEARTBEAT, call->id, &part, 1);
  output_flush();
}

static void progress(void *context, uint32_t permille, const char *utf8, size_t count) {
  const runner_call *call = context;
  output_send(CLOACINA_FRAME_PROGRESS, call->id, &permille, sizeof permille, utf8, count);
}

runner_call *call_make(uint64_t id, const uint8_t *payload, size_t count, size_t output_cap) {
  runner_call *call = malloc(sizeof *call + count);
  if (call == NULL) end_with(CLOACINA_RUNNER_RESOURCES, "no memory is left for a call of %zu bytes", count);
  *call = (runner_call){.id = id};
  memcpy(call->payload, payload, count);
  cloacina_image_call *asked = &call->asked;
  *asked = (cloacina_image_call){.output_cap = output_cap, .cancelled = &call->cancelled, .context = call,
                                 .log = log_line, .heartbeat = heartbeat, .progress = progress};
  reader reader = {.next = call->payload, .left = count};
  uint32_t reserved;
  read_bytes(&reader, &asked->workflow_index, sizeof asked->workflow_index);
  read_bytes(&reader, &asked->task_index, sizeof asked->task_index);
  read_bytes(&reader, &asked->attempt, sizeof asked->attempt);
  read_bytes(&reader, &reserved, sizeof reserved);
  read_bytes(&reader, &asked->deadline_unix_ms, sizeof asked->deadline_unix_ms);
  asked->run_id = read_string(&reader, &asked->run_id_count);
  asked->idempotency_key = read_string(&reader, &asked->idempotency_key_count);
  asked->traceparent = read_string(&reader, &asked->traceparent_count);
  asked->input = read_string(&reader, &asked->input_count);
  if (!reader.malformed && reader.left == 0 && reserved == 0) return call;
  free(call);
  return NULL;
}

static void add_result(uint64_t id, int32_t status, const void *output, size_t output_count, const char *explanation,
                       size_t explanation_count) {
  uint32_t output_size = (uint32_t)output_count, explanation_size = (uint32_t)explanation_count;
  const frame_part parts[] = {{&status, sizeof status},
                              {&output_size, sizeof output_size},
                              {output, output_count},
                              {&explanation_size, sizeof explanation_size},
                              {explanation, explanation_count}};
  output_add(CLOACINA_FRAME_RESULT, id, parts, 5);
}

void call_run(cloacina_image *image, runner_call *call) {
  cloacina_image_reply reply;
  crash_set_call(call->id);
  cloacina_image_run(image, &call->asked, &reply);
  crash_set_call(0);
  add_result(call->id, reply.status, reply.output, reply.output_count, reply.explanation, reply.explanation_count);
  cloacina_image_reply_free(&reply);
}

void call_skip(const runner_call *call) {
  static const char reason[] = "cancelled before it started";
  add_result(call->id, CLOACINA_CANCELLED, NULL, 0, reason, sizeof reason - 1);
}
