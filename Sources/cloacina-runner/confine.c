/* What a package must not have, taken away before its code is mapped. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runner.h"

static volatile pid_t parent;

_Noreturn void end_group(void) {
  kill(0, SIGKILL);
  for (;;) pause(); /* the signal is on its way */
}

_Noreturn void end_with(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  dprintf(STDERR_FILENO, "cloacina-runner: ");
  vdprintf(STDERR_FILENO, format, arguments);
  dprintf(STDERR_FILENO, "\n");
  va_end(arguments);
  _exit(code);
}

static void must(int answer, const char *what) {
  if (answer != 0) end_with(CLOACINA_RUNNER_USAGE, "%s failed: %s", what, strerror(errno));
}

/* The signal also comes when only the thread that started us ends; then the parent is still the same. */
static void on_parent_death(int number) {
  (void)number;
  if (getppid() != parent) end_group();
}

static void follow_parent(pid_t executor) {
  parent = executor;
  struct sigaction action = {.sa_handler = on_parent_death, .sa_flags = SA_RESTART};
  sigset_t none;
  must(sigaction(SIGRTMIN + 1, &action, NULL), "sigaction");
  must(sigemptyset(&none) == 0 ? sigprocmask(SIG_SETMASK, &none, NULL) : -1, "sigprocmask");
  must(prctl(PR_SET_PDEATHSIG, SIGRTMIN + 1, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)");
  if (getppid() != executor) end_group(); /* it ended before the line above */
}

/* The group is what end_group ends, so it must be our own. */
static void lead_group(void) {
  if (getpgrp() != getpid()) must(setpgid(0, 0), "setpgid");
}

static void limit(int resource, rlim_t most, const char *what) {
  struct rlimit limits = {.rlim_cur = most, .rlim_max = most};
  must(setrlimit(resource, &limits), what);
}

static void keep_descriptors(void) {
  must(close_range(CLOACINA_RUNNER_CRASH_FD + 1, ~0U, 0), "close_range");
  must(close_range(CLOACINA_RUNNER_SOCKET_FD, CLOACINA_RUNNER_CRASH_FD, CLOSE_RANGE_CLOEXEC), "close_range");
  int flags = fcntl(CLOACINA_RUNNER_SOCKET_FD, F_GETFL);
  must(flags < 0 ? -1 : fcntl(CLOACINA_RUNNER_SOCKET_FD, F_SETFL, flags & ~O_NONBLOCK), "the socket, descriptor 3,");
}

void confine(const runner_options *options) {
  lead_group();
  follow_parent(options->parent);
  must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)");
  must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");
  limit(RLIMIT_CORE, 0, "setrlimit(RLIMIT_CORE)");
  if (options->address_space > 0) limit(RLIMIT_AS, options->address_space, "setrlimit(RLIMIT_AS)");
  keep_descriptors();
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  must(sigaction(SIGPIPE, &ignore, NULL), "sigaction");
}
