/* A package that records what really ran: every task appends `run task attempt version begin|end` to the file
 * named by the input's "ledger". With a "gate" in the input, the task of that name in "hold" waits for the gate's
 * file to appear before it ends, or for its cancellation. */
#include <cloacina/cloacina.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Copies the string member `name` of the input: enough of JSON for paths and words without escapes. */
static int member(const cloacina_call *call, const char *name, char *out, size_t room) {
  char key[64];
  int key_count = snprintf(key, sizeof key, "\"%s\"", name);
  const char *text = (const char *)call->input.start;
  const char *end = text + call->input.count;
  for (const char *at = text; at + key_count < end; at++) {
    if (memcmp(at, key, (size_t)key_count) != 0) continue;
    at += key_count;
    while (at < end && (*at == ' ' || *at == ':')) at++;
    if (at == end || *at++ != '"') return 0;
    size_t count = 0;
    while (at < end && *at != '"' && count + 1 < room) out[count++] = *at++;
    out[count] = 0;
    return 1;
  }
  return 0;
}

static void write_down(const cloacina_call *call, const char *what) {
  char path[512], line[512];
  if (!member(call, "ledger", path, sizeof path)) return;
  int count = snprintf(line, sizeof line, "%.*s %.*s %u %s %s\n", (int)call->run_id.count, call->run_id.utf8,
                       (int)call->task.count, call->task.utf8, call->attempt, CLOACINA_PACKAGE_VERSION, what);
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, line, (size_t)count) != count) {
    cloacina_text reason = TEXT("the ledger cannot be written");
    call->explain(call, reason);
  }
  if (fd >= 0) close(fd);
}

/* Waits for the gate; 0 when cancelled meanwhile. */
static int wait_for_gate(const cloacina_call *call) {
  char gate[512], hold[65];
  if (!member(call, "gate", gate, sizeof gate) || !member(call, "hold", hold, sizeof hold)) return 1;
  if (strlen(hold) != call->task.count || memcmp(hold, call->task.utf8, call->task.count) != 0) return 1;
  while (access(gate, F_OK) != 0) {
    if (call->is_cancelled(call)) return 0;
    struct timespec pause = {0, 2000000};
    nanosleep(&pause, 0);
  }
  return 1;
}

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  (void)instance;
  write_down(call, "begin");
  if (!wait_for_gate(call)) {
    write_down(call, "stopped");
    return CLOACINA_CANCELLED;
  }
  char output[256];
  int count = snprintf(output, sizeof output, "{\"%.*s\":\"%s\"}", (int)call->task.count, call->task.utf8,
                       CLOACINA_PACKAGE_VERSION);
  cloacina_bytes patch = {(const uint8_t *)output, (size_t)count};
  call->emit(call, patch);
  write_down(call, "end");
  return CLOACINA_DONE;
}

static const cloacina_text after_first[] = {TEXT("first")};
static const cloacina_text after_second[] = {TEXT("second")};
static const cloacina_text after_both[] = {TEXT("left"), TEXT("right")};

#define TASK(name, after, number) \
  {.struct_size = sizeof(cloacina_task), .id = TEXT(name), .dependency_count = number, .dependencies = after}

static const cloacina_task first = TASK("first", 0, 0);
static const cloacina_task second = TASK("second", after_first, 1);
static const cloacina_task third = TASK("third", after_second, 1);
static const cloacina_task *const chain_tasks[] = {&first, &second, &third};

static const cloacina_task left = TASK("left", 0, 0);
static const cloacina_task right = TASK("right", 0, 0);
static const cloacina_task join = TASK("join", after_both, 2);
static const cloacina_task *const fork_tasks[] = {&left, &right, &join};

static const cloacina_workflow chain = {.struct_size = sizeof(cloacina_workflow),
                                        .name = TEXT("chain"),
                                        .task_count = LENGTH(chain_tasks),
                                        .tasks = chain_tasks};
static const cloacina_workflow fork_join = {.struct_size = sizeof(cloacina_workflow),
                                            .name = TEXT("fork"),
                                            .task_count = LENGTH(fork_tasks),
                                            .tasks = fork_tasks};
static const cloacina_workflow *const workflows[] = {&chain, &fork_join};

static const cloacina_package package = {.struct_size = sizeof(cloacina_package),
                                         .abi_major = CLOACINA_ABI_MAJOR,
                                         .abi_minor = CLOACINA_ABI_MINOR,
                                         .name = TEXT(CLOACINA_PACKAGE_NAME),
                                         .version = TEXT(CLOACINA_PACKAGE_VERSION),
                                         .description = TEXT("Writes down what runs, for the end-to-end tests"),
                                         .author = TEXT("Cloacina"),
                                         .workflow_count = LENGTH(workflows),
                                         .workflows = workflows,
                                         .run = run};

const cloacina_package *cloacina_package_v1(void) { return &package; }
