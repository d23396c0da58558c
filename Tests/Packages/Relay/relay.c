/* Work for the soak of swaps: a chain of three tasks, each of which takes "ms" milliseconds and appends
 * `run task attempt version begin`, later the same with `end`, to the file named by the input's "ledger". RelaySwift is
 * the same package in Swift. A build may have a fault, see variant.h. */
#define _GNU_SOURCE
#include <cloacina/cloacina.h>
#include <cloacina/input.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "variant.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void rest(int64_t milliseconds) {
  struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&pause, 0);
}

static int is_armed(int variant) { return RELAY_VARIANT == variant && access(RELAY_SWITCH, F_OK) == 0; }

__attribute__((constructor)) static void loaded(void) {
  if (is_armed(RELAY_FAULT_AT_LOAD)) abort();
  if (is_armed(RELAY_SLOW_TO_LOAD)) rest(300);
}

/* 0 when the ledger cannot be written, which has been explained then. */
static int write_down(const cloacina_call *call, const char *what) {
  cloacina_text path = cloacina_input(call, "ledger");
  char name[512], line[512];
  if (path.count < 2 || path.count - 2 >= sizeof name) return 1;
  memcpy(name, path.utf8 + 1, path.count - 2);
  name[path.count - 2] = 0;
  int count = snprintf(line, sizeof line, "%.*s %.*s %u %s %s\n", (int)call->run_id.count, call->run_id.utf8,
                       (int)call->task.count, call->task.utf8, call->attempt, CLOACINA_PACKAGE_VERSION, what);
  int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  int is_written = fd >= 0 && write(fd, line, (size_t)count) == count;
  if (fd >= 0) close(fd);
  if (is_written) return 1;
  cloacina_text reason = TEXT("the ledger cannot be written");
  call->explain(call, reason);
  return 0;
}

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  (void)instance;
  if (is_armed(RELAY_FAULT_AT_PROBE)) abort();
  if (!write_down(call, "begin")) return CLOACINA_FAIL;
  rest(cloacina_integer(cloacina_input(call, "ms"), 0));
  char output[256];
  int count = snprintf(output, sizeof output, "{\"%.*s\":\"%s\"}", (int)call->task.count, call->task.utf8,
                       CLOACINA_PACKAGE_VERSION);
  cloacina_bytes patch = {(const uint8_t *)output, (size_t)count};
  call->emit(call, patch);
  return write_down(call, "end") ? CLOACINA_DONE : CLOACINA_FAIL;
}

#define TASK(name, after, number) \
  {.struct_size = sizeof(cloacina_task), .id = TEXT(name), .dependency_count = number, .dependencies = after}
#define WORKFLOW(title, list) \
  {.struct_size = sizeof(cloacina_workflow), .name = TEXT(title), .task_count = LENGTH(list), .tasks = list}

static const cloacina_text after_first[] = {TEXT("first")};
static const cloacina_text after_second[] = {TEXT("second")};
static const cloacina_task first = TASK("first", 0, 0);
static const cloacina_task second = TASK("second", after_first, 1);
static const cloacina_task third = TASK("third", after_second, 1);
static const cloacina_task *const chain_tasks[] = {&first, &second, &third};
static const cloacina_workflow chain = WORKFLOW("chain", chain_tasks);

static const cloacina_task check = TASK("check", 0, 0);
static const cloacina_task *const self_test_tasks[] = {&check};
static const cloacina_workflow self_test = WORKFLOW("self_test", self_test_tasks);

static const cloacina_workflow *const workflows[] = {&chain, &self_test};

static const cloacina_package package = {.struct_size = sizeof(cloacina_package),
                                         .abi_major = CLOACINA_ABI_MAJOR,
                                         .abi_minor = CLOACINA_ABI_MINOR,
                                         .name = TEXT(CLOACINA_PACKAGE_NAME),
                                         .version = TEXT(CLOACINA_PACKAGE_VERSION),
                                         .description = TEXT("Work for the soak of swaps, in C"),
                                         .author = TEXT("Cloacina"),
                                         .workflow_count = LENGTH(workflows),
                                         .workflows = workflows,
                                         .run = run};

const cloacina_package *cloacina_package_v1(void) { return &package; }
