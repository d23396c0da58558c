/* What the package declared that it does without: the kernel refuses it to this process from now on, for good. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner.h"

/* Without its filter no package is mapped. `code` is an error number, negative or not. */
static void must(int code, const char *what) {
  if (code != 0) end_with(CLOACINA_RUNNER_UNCONFINED, "%s failed: %s", what, strerror(code < 0 ? -code : code));
}

static void refuse(scmp_filter_ctx filter, int error, int call) {
  must(seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), call, 0), "seccomp_rule_add");
}

static void refuse_if(scmp_filter_ctx filter, int error, int call, struct scmp_arg_cmp condition) {
  must(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint32_t)error), call, 1, &condition), "seccomp_rule_add");
}

/* Ways round a filter: another process made to act instead, or calls made by a thread of the kernel. */
static void refuse_detours(scmp_filter_ctx filter) {
  static const int detours[] = {SCMP_SYS(ptrace),         SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
                                SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),    SCMP_SYS(io_uring_register)};
  for (size_t index = 0; index < sizeof detours / sizeof *detours; index++) refuse(filter, EPERM, detours[index]);
}

/* Every family but one, so that families nobody thought of are refused too. */
static void refuse_network(scmp_filter_ctx filter) {
  refuse_if(filter, EACCES, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  refuse_if(filter, EACCES, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_NE, AF_UNIX));
}

static void refuse_programs(scmp_filter_ctx filter) {
  refuse(filter, EPERM, SCMP_SYS(execve));
  refuse(filter, EPERM, SCMP_SYS(execveat));
}

/* Landlock judges paths, which no filter of calls can; older kernels let it pass that a file is cut short, and a filter
 * cannot see the flags of openat2. */
static void refuse_cutting(scmp_filter_ctx filter) {
  refuse(filter, EACCES, SCMP_SYS(truncate));
  refuse(filter, ENOSYS, SCMP_SYS(openat2));
  refuse_if(filter, EACCES, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC));
  refuse_if(filter, EACCES, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC));
}

static void refuse_writing(void) {
  const struct landlock_ruleset_attr nowhere = {
      .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                           LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                           LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                           LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                           LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM};
  int rules = (int)syscall(SYS_landlock_create_ruleset, &nowhere, sizeof nowhere, 0);
  must(rules < 0 ? errno : 0, "landlock_create_ruleset");
  must(syscall(SYS_landlock_restrict_self, rules, 0) != 0 ? errno : 0, "landlock_restrict_self");
  close(rules);
}

void refuse_what_is_not_permitted(const runner_options *options) {
  if (options->network && options->processes && options->writing) return;
  if (!options->writing) refuse_writing();
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  must(filter == NULL ? ENOMEM : 0, "seccomp_init");
  /* The calls of the 32-bit ABIs have numbers of their own, so none of them is there. */
  must(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)), "seccomp_attr_set");
  must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1), "seccomp_attr_set(TSYNC)");
  refuse_detours(filter);
  if (!options->network) refuse_network(filter);
  if (!options->processes) refuse_programs(filter);
  if (!options->writing) refuse_cutting(filter);
  must(seccomp_load(filter), "seccomp_load");
  seccomp_release(filter);
}
