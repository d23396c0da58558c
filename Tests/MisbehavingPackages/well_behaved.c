/* Breaks no rule: one task for each thing a task can do. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "package.h"

struct cloacina_instance {
  int opened;
};

static cloacina_status make(const cloacina_host *host, cloacina_instance **instance) {
  host->log(host, CLOACINA_LOG_INFO, (cloacina_text)TEXT("open"));
  *instance = calloc(1, sizeof **instance);
  if (*instance == NULL) return CLOACINA_FAIL;
  (*instance)->opened = 1;
  return CLOACINA_DONE;
}

static void end(cloacina_instance *instance) { free(instance); }

/* The number behind `"key":` in the input, or `otherwise`. */
static long number(const cloacina_call *call, const char *key, long otherwise) {
  const char *start = (const char *)call->input.start, *end = start + call->input.count;
  size_t length = strlen(key);
  for (const char *at = start; at != NULL && (size_t)(end - at) > length; at++) {
    if (memcmp(at, key, length) != 0) continue;
    long value = 0;
    for (at += length; at < end && (*at < '0' || *at > '9'); at++) {}
    for (; at < end && *at >= '0' && *at <= '9'; at++) value = value * 10 + (*at - '0');
    return value;
  }
  return otherwise;
}

static cloacina_status echo(const cloacina_call *call) {
  emit_text(call, "{\"echo\":");
  call->emit(call, call->input);
  emit_text(call, "}");
  return CLOACINA_DONE;
}

static cloacina_status sleep_in_slices(const cloacina_call *call) {
  for (long left = number(call, "\"ms\":", 10); left > 0; left--) {
    if (call->is_cancelled(call)) return CLOACINA_CANCELLED;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return CLOACINA_DONE;
}

static cloacina_status fail(const cloacina_call *call) {
  explain_text(call, "told to fail");
  return CLOACINA_FAIL;
}

static cloacina_status retry_once(const cloacina_call *call) {
  if (call->attempt > 1) return CLOACINA_DONE;
  explain_text(call, "told to be tried again");
  return CLOACINA_RETRY;
}

static cloacina_status log_twice(const cloacina_call *call) {
  call->log(call, CLOACINA_LOG_INFO, (cloacina_text)TEXT("first line"));
  call->log(call, CLOACINA_LOG_ERROR, (cloacina_text)TEXT("second line"));
  return CLOACINA_DONE;
}

static cloacina_status beat(const cloacina_call *call) {
  call->heartbeat(call, 5000);
  call->progress(call, 500, (cloacina_text)TEXT("half"));
  return CLOACINA_DONE;
}

static cloacina_status describe(const cloacina_call *call) {
  char text[512];
  snprintf(text, sizeof text,
           "{\"attempt\":%u,\"deadline\":%lld,\"run_id\":\"%.*s\",\"workflow\":\"%.*s\",\"task\":\"%.*s\","
           "\"key\":\"%.*s\",\"trace\":\"%.*s\"}",
           call->attempt, (long long)call->deadline_unix_ms, (int)call->run_id.count, call->run_id.utf8,
           (int)call->workflow.count, call->workflow.utf8, (int)call->task.count, call->task.utf8,
           (int)call->idempotency_key.count, call->idempotency_key.utf8, (int)call->traceparent.count,
           call->traceparent.utf8);
  emit_text(call, text);
  return CLOACINA_DONE;
}

static cloacina_status (*const bodies[])(const cloacina_call *) = {
    echo, sleep_in_slices, fail, retry_once, log_twice, beat, describe};

RUN {
  if (instance == NULL || !instance->opened) return CLOACINA_MISUSE;
  return bodies[call->task_index](call);
}

static const cloacina_retry_policy thrice = {.struct_size = sizeof thrice, .max_attempts = 3,
                                             .backoff = CLOACINA_BACKOFF_EXPONENTIAL, .base_ms = 5, .cap_ms = 100,
                                             .jitter_permille = 250,
                                             .retry_on = CLOACINA_RETRY_ON_ERROR | CLOACINA_RETRY_ON_CRASH};
static const cloacina_text after_echo[] = {TEXT("echo")}, tags[] = {TEXT("gpu"), TEXT("zone:a")};
static const cloacina_rule echo_failed = {
    .struct_size = sizeof echo_failed, .kind = CLOACINA_RULE_FAILED, .subject = TEXT("echo")};
static const cloacina_rule big = {.struct_size = sizeof big, .kind = CLOACINA_RULE_CONTEXT,
                                  .comparison = CLOACINA_COMPARE_GREATER, .subject = TEXT("size"),
                                  .value = TEXT("\"a\\nb\"")};
static const cloacina_rule *const either[] = {&echo_failed, &big};
static const cloacina_rule rule = {
    .struct_size = sizeof rule, .kind = CLOACINA_RULE_ANY, .child_count = 2, .children = either};
TASK(echo_task, "echo", .description = TEXT("Says \"it\" back.\n\t\x01 \xC3\xA9"));
TASK(sleep_task, "sleep", .timeout_ms = 60000);
TASK(fail_task, "fail");
TASK(retry_task, "retry", .retry = &thrice);
TASK(log_task, "log", .tag_count = 2, .tags = tags);
TASK(heartbeat_task, "heartbeat", .concurrency_key = TEXT("heart"), .concurrency_limit = 2);
TASK(describe_task, "describe", .dependency_count = 1, .dependencies = after_echo, .rule = &rule);
WORKFLOW(main_workflow, "main", &echo_task, &sleep_task, &fail_task, &retry_task, &log_task, &heartbeat_task,
         &describe_task);
PACKAGE("well_behaved", main_workflow, .author = TEXT("nobody"), .fingerprint = TEXT("f00d"), .open = make,
        .close = end)
