#include "linux_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

/* Copies of the sources out of the way of the numbers they are to have in the child. */
static int copy_high(const cloacina_child_fd *fds, size_t count, int *copies) {
  for (size_t index = 0; index < count; index++) copies[index] = -1;
  for (size_t index = 0; index < count; index++) {
    copies[index] = fcntl(fds[index].source, F_DUPFD_CLOEXEC, 100);
    if (copies[index] < 0) return errno;
  }
  return 0;
}

static int set_attributes(posix_spawnattr_t *attributes, int own_group) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (own_group ? POSIX_SPAWN_SETPGROUP : 0);
  int code = posix_spawnattr_setsigmask(attributes, &none);
  if (code == 0) code = posix_spawnattr_setsigdefault(attributes, &all);
  if (code == 0) code = posix_spawnattr_setpgroup(attributes, 0);
  if (code == 0) code = posix_spawnattr_setflags(attributes, flags);
  return code;
}

static int set_actions(posix_spawn_file_actions_t *actions, const cloacina_child_fd *fds, const int *copies,
                       size_t count, const char *folder) {
  int code = 0, last = 2;
  for (size_t index = 0; index < count && code == 0; index++) {
    code = posix_spawn_file_actions_adddup2(actions, copies[index], fds[index].number);
    if (fds[index].number > last) last = fds[index].number;
  }
  if (code == 0 && folder != NULL) code = posix_spawn_file_actions_addchdir_np(actions, folder);
  if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(actions, last + 1);
  return code;
}

int cloacina_spawn(const char *path, char *const arguments[], char *const environment[], const char *folder,
                   const cloacina_child_fd *fds, size_t fd_count, int own_group, pid_t *process) {
  int copies[16];
  if (fd_count > sizeof copies / sizeof *copies) return EINVAL;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  int code = posix_spawnattr_init(&attributes);
  if (code != 0) return code;
  code = posix_spawn_file_actions_init(&actions);
  if (code != 0) {
    posix_spawnattr_destroy(&attributes);
    return code;
  }
  code = copy_high(fds, fd_count, copies);
  if (code == 0) code = set_attributes(&attributes, own_group);
  if (code == 0) code = set_actions(&actions, fds, copies, fd_count, folder);
  if (code == 0) code = posix_spawnp(process, path, &actions, &attributes, arguments, environment);
  for (size_t index = 0; index < fd_count; index++)
    if (copies[index] >= 0) close(copies[index]);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code;
}
