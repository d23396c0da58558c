/* One task for each way to end badly, next to one that waits: who is charged when several run at once? */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "package.h"

static cloacina_status wait_for_cancel(const cloacina_call *call) {
  call->progress(call, 0, (cloacina_text)TEXT("waiting"));
  while (!call->is_cancelled(call)) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  return CLOACINA_CANCELLED;
}

static cloacina_status segfault(const cloacina_call *call) {
  (void)call;
  *(volatile int *)16 = 1;
  return CLOACINA_DONE;
}

static cloacina_status exit_three(const cloacina_call *call) {
  (void)call;
  exit(3);
}

static cloacina_status end_at_once(const cloacina_call *call) {
  (void)call;
  _exit(0);
}

static cloacina_status hang(const cloacina_call *call) {
  call->progress(call, 0, (cloacina_text)TEXT("hanging"));
  while (pause() < 0) {}
  return CLOACINA_DONE;
}

/* Turns the runner into another program, which has no socket and lives on. */
static cloacina_status become_another(const cloacina_call *call) {
  (void)call;
  execl("/bin/sleep", "sleep", "1000", NULL);
  return CLOACINA_FAIL;
}

/* A number of milliseconds no clock can hold. */
static cloacina_status beat_absurdly(const cloacina_call *call) {
  call->heartbeat(call, UINT64_MAX);
  return CLOACINA_DONE;
}

/* Leaves a grandchild that no group signal reaches and that writes to every descriptor until nobody listens. */
static cloacina_status escape(const cloacina_call *call) {
  pid_t child = fork();
  if (child < 0) return CLOACINA_FAIL;
  if (child == 0) {
    static const char log_frame[24] = {8, 0, 0, 0, 19};
    if (setsid() < 0 || fork() != 0) _exit(0);
    for (;;)
      if (write(3, log_frame, sizeof log_frame) < 0 || write(1, log_frame, sizeof log_frame) < 0) _exit(0);
  }
  waitpid(child, NULL, 0);
  return segfault(call);
}

static cloacina_status beat_once(const cloacina_call *call) {
  call->heartbeat(call, 20);
  return wait_for_cancel(call);
}

static cloacina_status (*const bodies[])(const cloacina_call *) = {
    wait_for_cancel, segfault, exit_three, end_at_once, hang, become_another, beat_absurdly, escape, beat_once};

RUN {
  (void)instance;
  return bodies[call->task_index](call);
}

TASK(wait_task, "wait");
TASK(segfault_task, "segfault");
TASK(exit_task, "exit");
TASK(end_task, "end");
TASK(hang_task, "hang");
TASK(become_task, "become");
TASK(beat_task, "beat");
TASK(escape_task, "escape");
TASK(beat_once_task, "beat_once");
WORKFLOW(main_workflow, "main", &wait_task, &segfault_task, &exit_task, &end_task, &hang_task, &become_task, &beat_task,
         &escape_task, &beat_once_task);
PACKAGE("mixed", main_workflow)
