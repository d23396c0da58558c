/* Graphs whose tasks do next to nothing, so that what is measured is the engine.
 *
 * single: one task. pipeline: a → b → c. fanout: one, eight, one. paced: like pipeline, each task sleeping for the
 * `sleep_ms` of its input, below a second. echo: one task that answers with 1 KiB. stamp: one task that writes down
 * when it began. sleep: one task that sleeps for the `sleep_ms` of its input. The others emit the package's version, so
 * that a run shows what ran. */
#include <cloacina/cloacina.h>
#include <cloacina/input.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SINGLE, PIPELINE, FANOUT, PACED, ECHO, STAMP, SLEEP };

static const cloacina_text a_only[] = {TEXT("a")};
static const cloacina_text b_only[] = {TEXT("b")};
static const cloacina_text leaves[] = {TEXT("f1"), TEXT("f2"), TEXT("f3"), TEXT("f4"),
                                       TEXT("f5"), TEXT("f6"), TEXT("f7"), TEXT("f8")};

#define TASK(variable, name, after, number)                                                            \
  static const cloacina_task variable = {                                                              \
      .struct_size = sizeof(cloacina_task), .id = TEXT(name), .dependency_count = number, .dependencies = after};

TASK(a, "a", 0, 0)
TASK(b, "b", a_only, 1)
TASK(c, "c", b_only, 1)
TASK(f1, "f1", a_only, 1)
TASK(f2, "f2", a_only, 1)
TASK(f3, "f3", a_only, 1)
TASK(f4, "f4", a_only, 1)
TASK(f5, "f5", a_only, 1)
TASK(f6, "f6", a_only, 1)
TASK(f7, "f7", a_only, 1)
TASK(f8, "f8", a_only, 1)
TASK(join, "join", leaves, COUNT(leaves))

static const cloacina_task *const one[] = {&a};
static const cloacina_task *const three[] = {&a, &b, &c};
static const cloacina_task *const ten[] = {&a, &f1, &f2, &f3, &f4, &f5, &f6, &f7, &f8, &join};

#define WORKFLOW(variable, title, list)                                                                \
  static const cloacina_workflow variable = {.struct_size = sizeof(cloacina_workflow),                 \
                                             .name = TEXT(title),                                      \
                                             .task_count = COUNT(list),                                \
                                             .tasks = list};

WORKFLOW(single, "single", one)
WORKFLOW(pipeline, "pipeline", three)
WORKFLOW(fanout, "fanout", ten)
WORKFLOW(paced, "paced", three)
WORKFLOW(echo, "echo", one)
WORKFLOW(stamp, "stamp", one)
WORKFLOW(pause, "sleep", one)
static const cloacina_workflow *const workflows[] = {&single, &pipeline, &fanout, &paced, &echo, &stamp, &pause};

static void emit(const cloacina_call *call, const char *text, size_t count) {
  cloacina_bytes bytes = {(const uint8_t *)text, count};
  call->emit(call, bytes);
}

/* The time of the clock that all processes of a machine share, in nanoseconds. */
static int64_t monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_for(const cloacina_call *call, int64_t milliseconds) {
  const int64_t end = monotonic() + milliseconds * 1000000;
  while (monotonic() < end && !call->is_cancelled(call)) {
    struct timespec step = {0, 50000000};
    nanosleep(&step, 0);
  }
}

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  const int64_t begun = monotonic();
  (void)instance;
  static const char letters[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  if (call->workflow_index == ECHO) {
    emit(call, "{\"echo\":\"", 9);
    for (int block = 0; block < 15; block++) emit(call, letters, 64);
    emit(call, "\"}", 2);
    return CLOACINA_DONE;
  }
  if (call->workflow_index == STAMP) {
    char text[48];
    emit(call, text, (size_t)snprintf(text, sizeof text, "{\"monotonic_ns\":%lld}", (long long)begun));
    return CLOACINA_DONE;
  }
  if (call->workflow_index == SLEEP) sleep_for(call, cloacina_integer(cloacina_input(call, "sleep_ms"), 1000));
  if (call->workflow_index == PACED) {
    struct timespec pause = {0, cloacina_integer(cloacina_input(call, "sleep_ms"), 2) % 1000 * 1000000};
    nanosleep(&pause, 0);
  }
  char patch[96];
  size_t count = 0;
  patch[count++] = '{';
  patch[count++] = '"';
  memcpy(patch + count, call->task.utf8, call->task.count);
  count += call->task.count;
  memcpy(patch + count, "\":\"" CLOACINA_PACKAGE_VERSION "\"}", sizeof("\":\"" CLOACINA_PACKAGE_VERSION "\"}") - 1);
  count += sizeof("\":\"" CLOACINA_PACKAGE_VERSION "\"}") - 1;
  emit(call, patch, count);
  return CLOACINA_DONE;
}

static const cloacina_package package = {.struct_size = sizeof(cloacina_package),
                                         .abi_major = CLOACINA_ABI_MAJOR,
                                         .abi_minor = CLOACINA_ABI_MINOR,
                                         .name = TEXT(CLOACINA_PACKAGE_NAME),
                                         .version = TEXT(CLOACINA_PACKAGE_VERSION),
                                         .workflow_count = COUNT(workflows),
                                         .workflows = workflows,
                                         .run = run};

const cloacina_package *cloacina_package_v1(void) { return &package; }
