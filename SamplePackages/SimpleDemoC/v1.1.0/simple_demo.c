/* collect_data → process_data → generate_report: raw_data → processed_data → final_report.
 * New in 1.1.0: the report carries the average. */
#include <cloacina/author.h>

#include <time.h>

/* Makes `rows` rows, 5 unless the run's input says otherwise. */
static cloacina_status collect_data(const cloacina_call *call) {
  long rows = (long)cloacina_integer(cloacina_input(call, "rows"), 5);
  if (rows < 1 || rows > 10000) return cloacina_fail(call, "rows must be between 1 and 10000, not %ld", rows);

  cloacina_emit(call, "{\"raw_data\":[10");
  for (long row = 2; row <= rows; row++) cloacina_emit(call, ",%ld", row * 10);
  return cloacina_emit(call, "]}");
}

/* Adds the rows up, taking `pause_ms` for it if the input says so. */
static cloacina_status process_data(const cloacina_call *call) {
  cloacina_text rows = cloacina_input(call, "raw_data"), row = {0};
  long count = 0, total = 0;
  while ((row = cloacina_next(rows, row)).count > 0) {
    total += (long)cloacina_integer(row, 0);
    count++;
  }
  if (count == 0) return cloacina_fail(call, "collect_data left no raw_data");

  int64_t pause = cloacina_integer(cloacina_input(call, "pause_ms"), 0);
  struct timespec time = {pause / 1000, pause % 1000 * 1000000};
  if (pause > 0) nanosleep(&time, 0);
  return cloacina_emit(call, "{\"processed_data\":{\"count\":%ld,\"total\":%ld}}", count, total);
}

/* Says in a sentence what was found. */
static cloacina_status generate_report(const cloacina_call *call) {
  cloacina_text found = cloacina_input(call, "processed_data");
  long count = (long)cloacina_integer(cloacina_member(found, "count"), 0);
  long total = (long)cloacina_integer(cloacina_member(found, "total"), 0);
  if (count == 0) return cloacina_fail(call, "process_data left no count");
  return cloacina_emit(call,
                       "{\"final_report\":{\"generated_by\":\"" CLOACINA_PACKAGE_NAME " " CLOACINA_PACKAGE_VERSION
                       "\",\"summary\":\"%ld rows, total %ld\",\"average\":%ld.%ld}}",
                       count, total, total / count, total * 10 / count % 10);
}

/* Writes to nowhere when the input says {"crash": true}: the executor must not care. */
static cloacina_status misbehave(const cloacina_call *call) {
  volatile int *nowhere = 0;
  cloacina_text crash = cloacina_input(call, "crash");
  if (crash.count == 4 && memcmp(crash.utf8, "true", 4) == 0) *nowhere = 1;
  return cloacina_emit(call, "{\"crashed\":false}");
}

CLOACINA_PACKAGE(
    CLOACINA_WORKFLOW(
        "data_processing", "Collects rows, processes them and writes a report",
        CLOACINA_TASK(collect_data, .description = CLOACINA_TEXT("Makes `rows` rows, 5 unless the input says otherwise")),
        CLOACINA_TASK(process_data, CLOACINA_AFTER("collect_data"), .description = CLOACINA_TEXT("Adds the rows up"),
                      CLOACINA_RETRY_POLICY(.max_attempts = 3, .backoff = CLOACINA_BACKOFF_EXPONENTIAL, .base_ms = 100),
                      .timeout_ms = 30000),
        CLOACINA_TASK(generate_report, CLOACINA_AFTER("process_data"),
                      .description = CLOACINA_TEXT("Says in a sentence what was found"))),
    CLOACINA_WORKFLOW("mischief", "Crashes when told to",
                      CLOACINA_TASK(misbehave, CLOACINA_RETRY_POLICY(.max_attempts = 1), .timeout_ms = 30000)))
