/* Each workflow has one task, `task`, which misbehaves in the way the workflow is called. */
#include <cloacina/cloacina.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

static void emit(const cloacina_call *call, const char *text) {
  cloacina_bytes bytes = {(const uint8_t *)text, strlen(text)};
  call->emit(call, bytes);
}

static cloacina_status segfault(const cloacina_call *call) {
  (void)call;
  volatile int *nowhere = 0;
  *nowhere = 1;
  return CLOACINA_DONE;
}

static cloacina_status aborts(const cloacina_call *call) {
  (void)call;
  abort();
}

static cloacina_status exits(const cloacina_call *call) {
  (void)call;
  exit(3);
}

static cloacina_status hangs(const cloacina_call *call) {
  (void)call;
  for (;;) pause();
}

static cloacina_status writes_garbage(const cloacina_call *call) {
  char garbage[4096];
  memset(garbage, 0xA5, sizeof garbage);
  for (int fd = 3; fd < 6; fd++) {
    if (write(fd, garbage, sizeof garbage) < 0) continue;
  }
  (void)call;
  for (;;) pause();
}

static cloacina_status floods(const cloacina_call *call) {
  for (int line = 0; line < 200000; line++) puts("a line that nobody asked for");
  emit(call, "{\"flooded\":true}");
  return CLOACINA_DONE;
}

static cloacina_status is_not_json(const cloacina_call *call) {
  emit(call, "{\"open\":");
  return CLOACINA_DONE;
}

static cloacina_status leaves_a_child(const cloacina_call *call) {
  if (fork() == 0) {
    for (;;) pause();
  }
  emit(call, "{\"child\":true}");
  return CLOACINA_DONE;
}

static cloacina_status fails_twice(const cloacina_call *call) {
  if (call->attempt < 3) {
    cloacina_text reason = TEXT("not yet");
    call->explain(call, reason);
    return CLOACINA_RETRY;
  }
  emit(call, "{\"patience\":\"rewarded\"}");
  return CLOACINA_DONE;
}

static const cloacina_retry_policy three_attempts = {.struct_size = sizeof(cloacina_retry_policy),
                                                     .max_attempts = 3,
                                                     .backoff = CLOACINA_BACKOFF_FIXED,
                                                     .base_ms = 1};

#define WORKFLOW(behaviour, policy, limit)                                                             \
  static const cloacina_task behaviour##_task = {.struct_size = sizeof(cloacina_task),                 \
                                                 .id = TEXT("task"),                                   \
                                                 .retry = policy,                                      \
                                                 .timeout_ms = limit};                                 \
  static const cloacina_task *const behaviour##_tasks[] = {&behaviour##_task};                         \
  static const cloacina_workflow behaviour##_workflow = {.struct_size = sizeof(cloacina_workflow),     \
                                                         .name = TEXT(#behaviour),                     \
                                                         .task_count = 1,                              \
                                                         .tasks = behaviour##_tasks};

WORKFLOW(segfault, 0, 0)
WORKFLOW(aborts, 0, 0)
WORKFLOW(exits, 0, 0)
WORKFLOW(hangs, 0, 100)
WORKFLOW(writes_garbage, 0, 0)
WORKFLOW(floods, 0, 0)
WORKFLOW(is_not_json, 0, 0)
WORKFLOW(leaves_a_child, 0, 0)
WORKFLOW(fails_twice, &three_attempts, 0)

static const cloacina_workflow *const workflows[] = {
    &segfault_workflow, &aborts_workflow,      &exits_workflow,          &hangs_workflow,      &writes_garbage_workflow,
    &floods_workflow,   &is_not_json_workflow, &leaves_a_child_workflow, &fails_twice_workflow};
static cloacina_status (*const behaviours[])(const cloacina_call *) = {
    segfault, aborts, exits, hangs, writes_garbage, floods, is_not_json, leaves_a_child, fails_twice};

static cloacina_status run(cloacina_instance *instance, const cloacina_call *call) {
  (void)instance;
  return behaviours[call->workflow_index](call);
}

static const cloacina_package package = {.struct_size = sizeof(cloacina_package),
                                         .abi_major = CLOACINA_ABI_MAJOR,
                                         .abi_minor = CLOACINA_ABI_MINOR,
                                         .name = TEXT(CLOACINA_PACKAGE_NAME),
                                         .version = TEXT(CLOACINA_PACKAGE_VERSION),
                                         .workflow_count = sizeof workflows / sizeof workflows[0],
                                         .workflows = workflows,
                                         .run = run};

const cloacina_package *cloacina_package_v1(void) { return &package; }
