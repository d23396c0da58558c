/* Last words: which call was on the thread that ended the process. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner.h"

enum { last_stack_size = 64 << 10 };

static const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
static cloacina_crash_record *record;
static pid_t owner; /* a forked child shares the page, but its end is not ours */
static atomic_flag recorded = ATOMIC_FLAG_INIT;
static __thread volatile uint64_t current_call;

/* Async-signal-safe. The first death counts; `kind` is written last. */
static void record_death(uint32_t kind, int32_t detail, uint64_t address) {
  if (getpid() != owner || atomic_flag_test_and_set(&recorded)) return;
  record->detail = detail;
  record->call_id = current_call;
  record->address = address;
  __atomic_store_n(&record->kind, kind, __ATOMIC_RELEASE);
}

static void on_deadly_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  int has_address = info->si_code > 0 && number != SIGABRT;
  record_death(CLOACINA_CRASH_SIGNAL, number, has_address ? (uint64_t)(uintptr_t)info->si_addr : 0);
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigset_t itself;
  sigaction(number, &standard, NULL);
  sigemptyset(&itself);
  sigaddset(&itself, number);
  syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), number);
  sigprocmask(SIG_UNBLOCK, &itself, NULL); /* ends the process here */
}

static void on_package_exit(int code, void *context) {
  (void)context;
  if (getpid() != owner) return;
  record_death(CLOACINA_CRASH_EXIT, code, 0);
  _exit(CLOACINA_RUNNER_PACKAGE_EXIT);
}

void crash_record_open(void) {
  owner = getpid();
  record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED, CLOACINA_RUNNER_CRASH_FD, 0);
  if (record == MAP_FAILED)
    end_with(CLOACINA_RUNNER_USAGE, "the crash record, descriptor 5, cannot be mapped: %s", strerror(errno));
}

void crash_watch(void) {
  struct sigaction action = {.sa_sigaction = on_deadly_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  for (size_t index = 0; index < sizeof deadly / sizeof *deadly; index++)
    if (sigaction(deadly[index], &action, NULL) != 0)
      end_with(CLOACINA_RUNNER_USAGE, "sigaction(%d) failed: %s", deadly[index], strerror(errno));
  if (on_exit(on_package_exit, NULL) != 0)
    end_with(CLOACINA_RUNNER_RESOURCES, "no memory is left for an exit handler");
}

void crash_thread_begin(void) {
  void *bytes = mmap(NULL, last_stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_sp = bytes, .ss_size = last_stack_size};
  if (bytes == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
    end_with(CLOACINA_RUNNER_RESOURCES, "a thread cannot be given a stack for signals: %s", strerror(errno));
}

void crash_set_call(uint64_t call_id) { current_call = call_id; }
