/* collect_data → process_data → generate_report: raw_data → processed_data → final_report.
 * New in 1.1.0: the report carries the average. A second workflow, mischief, shows what happens to an executor when a task crashes: nothing. */
#include <cloacina/author.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The whole number that follows `"name":` in the input, or `otherwise`. */
static long number(const cloacina_call *call, const char *name, long otherwise) {
  char key[64];
  size_t count = (size_t)snprintf(key, sizeof key, "\"%s\"", name);
  const char *text = (const char *)call->input.start;
  for (size_t at = 0; at + count < call->input.count; at++) {
    if (memcmp(text + at, key, count) != 0) continue;
    for (at += count; at < call->input.count && (text[at] == ' ' || text[at] == ':'); at++) {}
    char digits[32] = {0};
    size_t rest = call->input.count - at;
    memcpy(digits, text + at, rest < sizeof digits - 1 ? rest : sizeof digits - 1);
    return strtol(digits, NULL, 10);
  }
  return otherwise;
}

static void emit(const cloacina_call *call, const char *format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  int count = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  cloacina_bytes bytes = {(const uint8_t *)text, (size_t)count};
  call->emit(call, bytes);
}

static cloacina_status collect_data(const cloacina_call *call) {
  long rows = number(call, "rows", 5);
  if (rows < 1 || rows > 10000) {
    cloacina_text reason = CLOACINA_TEXT("rows must be between 1 and 10000");
    call->explain(call, reason);
    return CLOACINA_FAIL;
  }
  emit(call, "{\"raw_data\":{\"first\":10,\"step\":10,\"rows_collected\":%ld}}", rows);
  return CLOACINA_DONE;
}

static cloacina_status process_data(const cloacina_call *call) {
  long rows = number(call, "rows_collected", 0), pause = number(call, "pause_ms", 0);
  struct timespec time = {pause / 1000, pause % 1000 * 1000000};
  if (pause > 0) nanosleep(&time, NULL);
  emit(call, "{\"processed_data\":{\"count\":%ld,\"total\":%ld}}", rows, 10 * rows * (rows + 1) / 2);
  return CLOACINA_DONE;
}

static cloacina_status generate_report(const cloacina_call *call) {
  long count = number(call, "count", 0), total = number(call, "total", 0);
  emit(call, "{\"final_report\":{\"generated_by\":\"simple_demo_c 1.1.0\",\"summary\":\"%ld rows, total %ld\",\"average\":%ld}}",
       count, total, count ? total / count : 0);
  return CLOACINA_DONE;
}

static cloacina_status crash(const cloacina_call *call) {
  (void)call;
  volatile int *nowhere = NULL;
  *nowhere = 1;
  return CLOACINA_DONE;
}

static const cloacina_retry_policy three_attempts = {.struct_size = sizeof(cloacina_retry_policy),
                                                     .max_attempts = 3,
                                                     .backoff = CLOACINA_BACKOFF_EXPONENTIAL,
                                                     .base_ms = 100};

static const cloacina_task collect_task = CLOACINA_TASK("collect_data", .timeout_ms = 30000);
static const cloacina_task process_task =
    CLOACINA_TASK("process_data", CLOACINA_AFTER("collect_data"), .retry = &three_attempts, .timeout_ms = 30000);
static const cloacina_task report_task = CLOACINA_TASK("generate_report", CLOACINA_AFTER("process_data"));
CLOACINA_WORKFLOW(data_processing, "data_processing", &collect_task, &process_task, &report_task);

static const cloacina_task crash_task = CLOACINA_TASK("crash", .timeout_ms = 30000);
CLOACINA_WORKFLOW(mischief, "mischief", &crash_task);

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  static cloacina_status (*const bodies[2][3])(const cloacina_call *) = {
      {collect_data, process_data, generate_report}, {crash}};
  (void)instance;
  return bodies[call->workflow_index][call->task_index](call);
}

CLOACINA_PACKAGE(run, &data_processing, &mischief)
