/* Work for several nodes. Every task appends `run task attempt version begin NODE MARK` to the file named by the input's
 * "ledger" and, once it is done, the same with `end`: NODE is the process of its executor, MARK is different for each
 * execution and is also what the task emits, so that a result can be traced to the execution that it came from.
 *
 * Other members of the input: "ms" is how long each task takes; the task called "hold" waits for the file "gate" to appear,
 * or for its cancellation, which it writes down as `stopped`. */
#define _GNU_SOURCE
#include <cloacina/cloacina.h>
#include <cloacina/input.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* One execution of a task. */
typedef struct execution {
  const cloacina_call *call;
  pid_t node;
  char mark[48];
} execution;

static execution begin(const cloacina_call *call) {
  execution execution = {.call = call, .node = getppid()};
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(execution.mark, sizeof execution.mark, "%d-%lld%09ld", (int)gettid(), (long long)now.tv_sec, now.tv_nsec);
  return execution;
}

/* Copies the string member `name` of the input, which must have no escapes, as a C string. */
static int member(const cloacina_call *call, const char *name, char *out, size_t room) {
  cloacina_text value = cloacina_input(call, name);
  if (value.count < 2 || value.count - 2 >= room || *value.utf8 != '"') return 0;
  memcpy(out, value.utf8 + 1, value.count - 2);
  out[value.count - 2] = 0;
  return 1;
}

/* 0 when the ledger cannot be written, which has been explained then. */
static int write_down(const execution *execution, const char *what) {
  const cloacina_call *call = execution->call;
  char path[512], line[512];
  if (!member(call, "ledger", path, sizeof path)) return 1;
  int count = snprintf(line, sizeof line, "%.*s %.*s %u %s %s %d %s\n", (int)call->run_id.count, call->run_id.utf8,
                       (int)call->task.count, call->task.utf8, call->attempt, CLOACINA_PACKAGE_VERSION, what,
                       (int)execution->node, execution->mark);
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  int is_written = fd >= 0 && write(fd, line, (size_t)count) == count;
  if (fd >= 0) close(fd);
  if (is_written) return 1;
  cloacina_text reason = TEXT("the ledger cannot be written");
  call->explain(call, reason);
  return 0;
}

static void rest(int64_t milliseconds) {
  struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&pause, 0);
}

/* Waits for the gate; 0 when cancelled meanwhile. */
static int wait_for_gate(const cloacina_call *call) {
  char gate[512], hold[65];
  if (!member(call, "gate", gate, sizeof gate) || !member(call, "hold", hold, sizeof hold)) return 1;
  if (strlen(hold) != call->task.count || memcmp(hold, call->task.utf8, call->task.count) != 0) return 1;
  while (access(gate, F_OK) != 0) {
    if (call->is_cancelled(call)) return 0;
    rest(2);
  }
  return 1;
}

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  (void)instance;
  execution execution = begin(call);
  if (!write_down(&execution, "begin")) return CLOACINA_FAIL;
  if (!wait_for_gate(call)) {
    write_down(&execution, "stopped");
    return CLOACINA_CANCELLED;
  }
  rest(cloacina_integer(cloacina_input(call, "ms"), 0));
  char output[256];
  int count = snprintf(output, sizeof output, "{\"%.*s\":\"%s %s\"}", (int)call->task.count, call->task.utf8,
                       CLOACINA_PACKAGE_VERSION, execution.mark);
  cloacina_bytes patch = {(const uint8_t *)output, (size_t)count};
  call->emit(call, patch);
  return write_down(&execution, "end") ? CLOACINA_DONE : CLOACINA_FAIL;
}

#define TASK(name, after, number, ...)                                                                               \
  {.struct_size = sizeof(cloacina_task), .id = TEXT(name), .dependency_count = number, .dependencies = after, __VA_ARGS__}
#define WORKFLOW(title, list)                                                                                        \
  {.struct_size = sizeof(cloacina_workflow), .name = TEXT(title), .task_count = LENGTH(list), .tasks = list}

/* chain: three tasks, one after the other */
static const cloacina_text after_first[] = {TEXT("first")};
static const cloacina_text after_second[] = {TEXT("second")};
static const cloacina_task first = TASK("first", 0, 0);
static const cloacina_task second = TASK("second", after_first, 1);
static const cloacina_task third = TASK("third", after_second, 1);
static const cloacina_task *const chain_tasks[] = {&first, &second, &third};
static const cloacina_workflow chain = WORKFLOW("chain", chain_tasks);

/* fan: one task, then a thousand beside each other, then one */
#define TEN(item, n) item(n##0) item(n##1) item(n##2) item(n##3) item(n##4) item(n##5) item(n##6) item(n##7) item(n##8) item(n##9)
#define HUNDRED(item, n)                                                                                             \
  TEN(item, n##0) TEN(item, n##1) TEN(item, n##2) TEN(item, n##3) TEN(item, n##4)                                    \
  TEN(item, n##5) TEN(item, n##6) TEN(item, n##7) TEN(item, n##8) TEN(item, n##9)
#define THOUSAND(item)                                                                                               \
  HUNDRED(item, piece0) HUNDRED(item, piece1) HUNDRED(item, piece2) HUNDRED(item, piece3) HUNDRED(item, piece4)      \
  HUNDRED(item, piece5) HUNDRED(item, piece6) HUNDRED(item, piece7) HUNDRED(item, piece8) HUNDRED(item, piece9)
#define AS_TASK(name) static const cloacina_task name = TASK(#name, after_split, 1);
#define AS_TEXT(name) TEXT(#name),
#define AS_POINTER(name) &name,

static const cloacina_text after_split[] = {TEXT("split")};
static const cloacina_text after_pieces[] = {THOUSAND(AS_TEXT)};
static const cloacina_task split = TASK("split", 0, 0);
THOUSAND(AS_TASK)
static const cloacina_task join = TASK("join", after_pieces, LENGTH(after_pieces));
static const cloacina_task *const fan_tasks[] = {&split, THOUSAND(AS_POINTER) &join};
static const cloacina_workflow fan = WORKFLOW("fan", fan_tasks);

/* film: its middle can only be done where there is a gpu */
static const cloacina_text gpu[] = {TEXT("gpu")};
static const cloacina_text after_script[] = {TEXT("script")};
static const cloacina_text after_render[] = {TEXT("render")};
static const cloacina_task script = TASK("script", 0, 0);
static const cloacina_task render = TASK("render", after_script, 1, .tag_count = LENGTH(gpu), .tags = gpu);
static const cloacina_task publish = TASK("publish", after_render, 1);
static const cloacina_task *const film_tasks[] = {&script, &render, &publish};
static const cloacina_workflow film = WORKFLOW("film", film_tasks);

/* till: three tasks beside each other, of which no more than two run at once, counted over all runs */
#define AT_THE_TILL .concurrency_key = TEXT("till"), .concurrency_limit = 2
static const cloacina_task pay = TASK("pay", 0, 0, AT_THE_TILL);
static const cloacina_task refund = TASK("refund", 0, 0, AT_THE_TILL);
static const cloacina_task count = TASK("count", 0, 0, AT_THE_TILL);
static const cloacina_task *const till_tasks[] = {&pay, &refund, &count};
static const cloacina_workflow till = WORKFLOW("till", till_tasks);

static const cloacina_workflow *const workflows[] = {&chain, &fan, &film, &till};

static const cloacina_package package = {.struct_size = sizeof(cloacina_package),
                                         .abi_major = CLOACINA_ABI_MAJOR,
                                         .abi_minor = CLOACINA_ABI_MINOR,
                                         .name = TEXT(CLOACINA_PACKAGE_NAME),
                                         .version = TEXT(CLOACINA_PACKAGE_VERSION),
                                         .description = TEXT("Work for several nodes, which writes down where it ran"),
                                         .author = TEXT("Cloacina"),
                                         .workflow_count = LENGTH(workflows),
                                         .workflows = workflows,
                                         .run = run};

const cloacina_package *cloacina_package_v1(void) { return &package; }
