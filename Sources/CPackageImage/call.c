/* One attempt: the package's view of it, and what it leaves. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image.h"

typedef struct attempt {
  const cloacina_image_call *asked;
  cloacina_call offered;
  clo_buffer output;
  clo_buffer explanation;
  const char *misuse; /* what the package did wrong, or null */
} attempt;

static attempt *attempt_of(const cloacina_call *call) { return call->context; }

static void emit(const cloacina_call *call, cloacina_bytes output) {
  attempt *attempt = attempt_of(call);
  if (output.start == NULL && output.count > 0)
    attempt->misuse = "emit was given a null pointer with a count";
  else
    clo_buffer_add(&attempt->output, output.start, output.count);
}

static void explain(const cloacina_call *call, cloacina_text reason) {
  attempt *attempt = attempt_of(call);
  attempt->explanation.count = 0;
  attempt->explanation.overflow = 0;
  clo_buffer_add(&attempt->explanation, reason.utf8, clo_shortened(reason.utf8, reason.count, longest_explanation));
}

static void log_line(const cloacina_call *call, int32_t level, cloacina_text line) {
  const cloacina_image_call *asked = attempt_of(call)->asked;
  if (asked->log == NULL || line.utf8 == NULL) return;
  asked->log(asked->context, level, line.utf8, clo_shortened(line.utf8, line.count, longest_log_line));
}

static void heartbeat(const cloacina_call *call, uint64_t extend_ms) {
  attempt *attempt = attempt_of(call);
  struct timespec now;
  if (attempt->asked->heartbeat != NULL) attempt->asked->heartbeat(attempt->asked->context, extend_ms);
  if (call->deadline_unix_ms == 0 || extend_ms > INT64_MAX / 2 || clock_gettime(CLOCK_REALTIME, &now) != 0) return;
  int64_t deadline = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + (int64_t)extend_ms;
  __atomic_store_n(&attempt->offered.deadline_unix_ms, deadline, __ATOMIC_RELAXED);
}

static uint8_t is_cancelled(const cloacina_call *call) {
  const volatile uint8_t *flag = attempt_of(call)->asked->cancelled;
  return flag != NULL && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

static cloacina_status defer_until(const cloacina_call *call, const cloacina_deferral *what) {
  (void)call;
  (void)what;
  return CLOACINA_MISUSE;
}

static void progress(const cloacina_call *call, uint32_t permille, cloacina_text note) {
  const cloacina_image_call *asked = attempt_of(call)->asked;
  if (asked->progress == NULL) return;
  asked->progress(asked->context, permille > 1000 ? 1000 : permille, note.utf8,
                  clo_shortened(note.utf8, note.count, longest_explanation));
}

static cloacina_call offer(attempt *attempt, const cloacina_workflow *workflow) {
  const cloacina_image_call *asked = attempt->asked;
  return (cloacina_call){
      .struct_size = sizeof(cloacina_call),
      .attempt = asked->attempt,
      .workflow_index = asked->workflow_index,
      .task_index = asked->task_index,
      .deadline_unix_ms = asked->deadline_unix_ms,
      .context = attempt,
      .run_id = {asked->run_id, asked->run_id_count},
      .workflow = workflow->name,
      .task = workflow->tasks[asked->task_index]->id,
      .idempotency_key = {asked->idempotency_key, asked->idempotency_key_count},
      .traceparent = {asked->traceparent, asked->traceparent_count},
      .input = {asked->input, asked->input_count},
      .emit = emit,
      .explain = explain,
      .log = log_line,
      .heartbeat = heartbeat,
      .is_cancelled = is_cancelled,
      .defer_until = defer_until,
      .progress = progress,
  };
}

__attribute__((format(printf, 2, 3))) static void misuse(cloacina_image_reply *reply, const char *format, ...) {
  char *sentence = NULL;
  va_list arguments;
  va_start(arguments, format);
  int count = vasprintf(&sentence, format, arguments);
  va_end(arguments);
  free(reply->explanation);
  free(reply->output);
  *reply = (cloacina_image_reply){.status = CLOACINA_MISUSE};
  if (count < 0) return;
  reply->explanation = sentence;
  reply->explanation_count = (size_t)count;
}

/* Turns an answer the ABI does not allow into misuse. */
static void judge(const attempt *attempt, cloacina_image_reply *reply) {
  if (reply->status < CLOACINA_DONE || reply->status > CLOACINA_MISUSE)
    misuse(reply, "run answered %d, which is no status of ABI 1 (0 to %d)", reply->status, CLOACINA_MISUSE);
  else if (reply->status == CLOACINA_DEFERRED)
    misuse(reply, "run answered %d (deferred), which this host does not support", CLOACINA_DEFERRED);
  else if (attempt->misuse != NULL)
    misuse(reply, "%s", attempt->misuse);
  else if (attempt->output.overflow)
    misuse(reply, "output too large: the task emitted more than %zu bytes, or memory is short",
           attempt->asked->output_cap);
}

void cloacina_image_run(cloacina_image *image, const cloacina_image_call *call, cloacina_image_reply *reply) {
  const cloacina_package *package = image->package;
  *reply = (cloacina_image_reply){.status = CLOACINA_MISUSE};
  if (call->workflow_index >= package->workflow_count ||
      call->task_index >= package->workflows[call->workflow_index]->task_count) {
    misuse(reply, "the package has no task %u in workflow %u", call->task_index, call->workflow_index);
    return;
  }
  attempt attempt = {
      .asked = call, .output = {.cap = call->output_cap}, .explanation = {.cap = longest_explanation}};
  attempt.offered = offer(&attempt, package->workflows[call->workflow_index]);
  reply->status = package->run(image->instance, &attempt.offered);
  reply->output = (uint8_t *)attempt.output.bytes;
  reply->output_count = attempt.output.count;
  reply->explanation = attempt.explanation.bytes;
  reply->explanation_count = attempt.explanation.count;
  judge(&attempt, reply);
}

void cloacina_image_reply_free(cloacina_image_reply *reply) {
  free(reply->output);
  free(reply->explanation);
  *reply = (cloacina_image_reply){0};
}
